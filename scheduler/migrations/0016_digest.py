from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0015_overview')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Member',
            name='digest_at',
            field=fields.CharField(default='', db_default='', max_length=5),
        ),
        ops.AddField(
            model_name='Member',
            name='digested_on',
            field=fields.CharField(default='', db_default='', max_length=10),
        ),
    ]
