from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0008_roles')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Account',
            name='slots',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Account',
            name='slots_zone',
            field=fields.CharField(default='', db_default='', max_length=64),
        ),
    ]
