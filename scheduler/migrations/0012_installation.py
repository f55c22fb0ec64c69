from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0011_import')]

    initial = False

    operations = [
        ops.CreateModel(
            name='InstallConsent',
            fields=[
                ('state', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('browser', fields.CharField(max_length=64)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'install_consent', 'app': 'models', 'pk_attr': 'state', 'table_description': "An installation that was begun and waits for Slack's redirect. Used once, short-lived."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Installation',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('place', fields.CharField(unique=True, max_length=32)),
                ('name', fields.CharField(default='', max_length=255)),
                ('enterprise_id', fields.CharField(default='', max_length=32)),
                ('is_enterprise_install', fields.BooleanField(default=False)),
                ('secrets', fields.TextField(default='', unique=False)),
                ('token_version', fields.IntField(default=0)),
                ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('scopes', fields.TextField(default='', unique=False)),
                ('bot_user_id', fields.CharField(default='', max_length=32)),
                ('bot_id', fields.CharField(default='', max_length=32)),
                ('installed_by', fields.CharField(default='', max_length=32)),
                ('installed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('refresh_owner', fields.BigIntField(null=True)),
            ],
            options={'table': 'installation', 'app': 'models', 'pk_attr': 'id', 'table_description': "Postbot's access to a Slack workspace, or to all workspaces of an organisation."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Workspace',
            name='enterprise_id',
            field=fields.CharField(default='', db_default='', max_length=32),
        ),
    ]
