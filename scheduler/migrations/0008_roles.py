from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0007_draft')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Member',
            name='role',
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name='Workspace',
            name='default_role',
            field=fields.CharField(null=True, max_length=16),
        ),
    ]
