from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0017_held')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Copy',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('post', fields.ForeignKeyField('models.Post', source_field='post_id', db_constraint=True, to_field='id', related_name='copies', on_delete=OnDelete.CASCADE)),
                ('place', fields.CharField(max_length=32)),
                ('is_review', fields.BooleanField(default=False)),
                ('channel', fields.CharField(default='', max_length=32)),
                ('ts', fields.CharField(default='', max_length=32)),
                ('version', fields.IntField(default=0)),
                ('began_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'card_copy', 'app': 'models', 'unique_together': (('post', 'place'),), 'pk_attr': 'id', 'table_description': "A message that shows what a post's card shows, in another place. Written by whoever holds the"},
            bases=['Model'],
        ),
    ]
