from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0004_media')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Choice',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('user_id', fields.CharField(max_length=32)),
                ('platform', fields.CharField(max_length=32)),
                ('profiles', fields.TextField(unique=False)),
                ('browser', fields.CharField(max_length=64)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'choice', 'app': 'models', 'pk_attr': 'id', 'table_description': "The profiles of a consent that gave several. Waits for the member's choice, short-lived."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Account',
            name='check_began_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Account',
            name='checked_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Account',
            name='teller',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Consent',
            name='browser',
            field=fields.CharField(default='', db_default='', max_length=64),
        ),
        ops.AddField(
            model_name='Event',
            name='account_id',
            field=fields.IntField(null=True),
        ),
    ]
