from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0005_account_checks')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Circuit',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('state', fields.CharField(default='closed', max_length=8)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('version', fields.IntField(default=0)),
                ('cause', fields.CharField(default='', max_length=16)),
                ('reason', fields.TextField(default='', unique=False)),
                ('failures', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('probe_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('probe_owner', fields.BigIntField(null=True)),
                ('probe_id', fields.BigIntField(null=True)),
                ('probed', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('released', fields.IntField(default=0)),
                ('release_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('told', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'circuit', 'app': 'models', 'pk_attr': 'key', 'table_description': 'Whether deliveries may go to a platform, or to an account. Changed only by'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Quota',
            fields=[
                ('account', fields.OneToOneField('models.Account', source_field='account_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='quota', on_delete=OnDelete.CASCADE)),
                ('version', fields.IntField(default=0)),
                ('spent', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('remaining', fields.IntField(null=True)),
                ('reset_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('heard_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'quota', 'app': 'models', 'pk_attr': 'account_id', 'table_description': "How much of a platform's limits an account has used. Changed only by `scheduler.quotas`."},
            bases=['Model'],
        ),
        # What waits for a platform, earliest due first.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_parked ON delivery (platform, due_at) WHERE state = 'parked'",
            "DROP INDEX idx_delivery_parked",
        ),
    ]
