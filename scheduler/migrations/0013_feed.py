from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0012_installation')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Feed',
            fields=[
                ('member', fields.OneToOneField('models.Member', source_field='member_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='feed', on_delete=OnDelete.CASCADE)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'feed', 'app': 'models', 'pk_attr': 'member_id', 'table_description': "The secret address under which a member's calendar program reads the schedule."},
            bases=['Model'],
        ),
    ]
