from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from scheduler.states import PostState, State
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Event',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('workspace_id', fields.IntField()),
                ('post_id', fields.CharField(max_length=16)),
                ('delivery_id', fields.BigIntField(null=True)),
                ('kind', fields.CharField(max_length=40)),
                ('actor', fields.CharField(default='', max_length=32)),
                ('data', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('notice', fields.CharField(null=True, max_length=8)),
                ('notice_began_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'event', 'app': 'models', 'indexes': [Index(fields=['post_id', 'id']), Index(fields=['at'])], 'pk_attr': 'id', 'table_description': 'Something that happened, in the past tense. Written in the transaction of the change.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Marker',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('value', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'marker', 'app': 'models', 'pk_attr': 'name', 'table_description': "A named fact about the whole installation, such as the dispatcher's last tick."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Seen',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=128)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'seen', 'app': 'models', 'pk_attr': 'key', 'table_description': 'A delivery from Slack that was handled already, by its event id or signature.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Workspace',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('team_id', fields.CharField(unique=True, max_length=32)),
                ('name', fields.CharField(default='', max_length=255)),
                ('bot_user_id', fields.CharField(default='', max_length=32)),
                ('bot_id', fields.CharField(default='', max_length=32)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'workspace', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A Slack team that installed Postbot.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('platform', fields.CharField(max_length=32)),
                ('remote_id', fields.CharField(max_length=255)),
                ('username', fields.CharField(max_length=255)),
                ('name', fields.CharField(max_length=255)),
                ('secrets', fields.TextField(default='', unique=False)),
                ('token_version', fields.IntField(default=0)),
                ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('health', fields.CharField(default='connected', max_length=16)),
                ('refresh_owner', fields.BigIntField(null=True)),
                ('connected_by', fields.CharField(max_length=32)),
                ('connected_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account', 'app': 'models', 'unique_together': (('workspace', 'platform', 'remote_id'),), 'pk_attr': 'id', 'table_description': 'One connected profile on a platform.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Consent',
            fields=[
                ('state', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('user_id', fields.CharField(max_length=32)),
                ('platform', fields.CharField(max_length=32)),
                ('verifier', fields.TextField(unique=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'consent', 'app': 'models', 'pk_attr': 'state', 'table_description': "A connect that was begun and waits for the platform's redirect. Used once, short-lived."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Member',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('user_id', fields.CharField(max_length=32)),
                ('name', fields.CharField(default='', max_length=255)),
                ('timezone', fields.CharField(default='UTC', max_length=64)),
                ('is_admin', fields.BooleanField(default=False)),
                ('dm_channel', fields.CharField(default='', max_length=32)),
                ('checked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'member', 'app': 'models', 'unique_together': (('workspace', 'user_id'),), 'pk_attr': 'id', 'table_description': 'A person in Slack who used Postbot or owns something in it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Post',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('author', fields.CharField(max_length=32)),
                ('text', fields.TextField(unique=False)),
                ('state', fields.CharEnumField(default=PostState.DRAFT, description='DRAFT: draft\nSUBMITTED: submitted\nAPPROVED: approved\nSCHEDULED: scheduled\nCANCELLED: cancelled', enum_type=PostState, max_length=16)),
                ('due_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('timezone', fields.CharField(default='UTC', max_length=64)),
                ('revision', fields.IntField(default=1)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'post', 'app': 'models', 'indexes': [Index(fields=['workspace_id', 'author', 'created_at'])], 'pk_attr': 'id', 'table_description': 'What a person wrote.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Card',
            fields=[
                ('post', fields.OneToOneField('models.Post', source_field='post_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='card', on_delete=OnDelete.CASCADE)),
                ('channel', fields.CharField(default='', max_length=32)),
                ('ts', fields.CharField(default='', max_length=32)),
                ('version', fields.IntField(default=0)),
                ('owner', fields.BigIntField(null=True)),
                ('began_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'card', 'app': 'models', 'pk_attr': 'post_id', 'table_description': 'The one live Slack message of a post.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Delivery',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('post', fields.ForeignKeyField('models.Post', source_field='post_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('platform', fields.CharField(max_length=32)),
                ('state', fields.CharEnumField(default=State.SCHEDULED, description='SCHEDULED: scheduled\nQUEUED: queued\nPREPARING: preparing\nPROCESSING: processing\nPUBLISHING: publishing\nPUBLISHED: published\nRETRYING: retrying\nPARKED: parked\nUNCONFIRMED: unconfirmed\nFAILED: failed\nMISSED: missed\nCANCELLED: cancelled\nPOSTED_MANUALLY: posted_manually', enum_type=State, max_length=16)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('next_attempt_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('priority', fields.SmallIntField(default=5)),
                ('fence', fields.IntField(default=0)),
                ('owner', fields.BigIntField(null=True)),
                ('attempts', fields.SmallIntField(default=0)),
                ('looks', fields.SmallIntField(default=0)),
                ('asked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('checkpoint', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('cause', fields.CharField(default='', max_length=16)),
                ('kind', fields.CharField(default='', max_length=16)),
                ('reason', fields.TextField(default='', unique=False)),
                ('remote_id', fields.CharField(default='', max_length=255)),
                ('permalink', fields.TextField(default='', unique=False)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'delivery', 'app': 'models', 'indexes': [Index(fields=['post_id']), Index(fields=['account_id', 'state'])], 'pk_attr': 'id', 'table_description': 'One post to one account. Changed only by `scheduler.deliveries`.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Attempt',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('delivery', fields.ForeignKeyField('models.Delivery', source_field='delivery_id', db_constraint=True, to_field='id', related_name='tries', on_delete=OnDelete.CASCADE)),
                ('fence', fields.IntField()),
                ('digest', fields.CharField(default='', max_length=64)),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('left_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('outcome', fields.CharField(default='', max_length=24)),
                ('cause', fields.CharField(default='', max_length=16)),
                ('kind', fields.CharField(default='', max_length=16)),
                ('code', fields.CharField(default='', max_length=64)),
                ('reason', fields.TextField(default='', unique=False)),
                ('remote_id', fields.CharField(default='', max_length=255)),
                ('permalink', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'attempt', 'app': 'models', 'unique_together': (('delivery', 'fence'),), 'pk_attr': 'id', 'table_description': 'One try of one delivery. Written before the request that cannot be taken back.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MediaFile',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('post', fields.ForeignKeyField('models.Post', source_field='post_id', db_constraint=True, to_field='id', related_name='media', on_delete=OnDelete.CASCADE)),
                ('position', fields.SmallIntField()),
                ('name', fields.CharField(max_length=255)),
                ('key', fields.CharField(max_length=128)),
                ('kind', fields.CharField(max_length=8)),
                ('mime', fields.CharField(max_length=64)),
                ('size', fields.BigIntField()),
                ('sha256', fields.CharField(max_length=64)),
                ('width', fields.IntField(null=True)),
                ('height', fields.IntField(null=True)),
                ('alt_text', fields.TextField(default='', unique=False)),
                ('slack_file_id', fields.CharField(default='', max_length=32)),
            ],
            options={'table': 'media_file', 'app': 'models', 'indexes': [Index(fields=['post_id'])], 'pk_attr': 'id', 'table_description': 'One file of a post in the media store.'},
            bases=['Model'],
        ),
        # What somebody must look at, and what people were not told yet: small next to the tables.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_next ON delivery (state, priority, next_attempt_at)"
            " WHERE next_attempt_at IS NOT NULL",
            "DROP INDEX idx_delivery_next",
        ),
        ops.RunSQL(
            "CREATE INDEX idx_event_notice ON event (notice, id) WHERE notice IS NOT NULL",
            "DROP INDEX idx_event_notice",
        ),
        ops.RunSQL(
            "CREATE INDEX idx_delivery_owner ON delivery (owner) WHERE owner IS NOT NULL",
            "DROP INDEX idx_delivery_owner",
        ),
        # A live post belongs to one delivery.
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_delivery_remote ON delivery (account_id, remote_id)"
            " WHERE remote_id <> ''",
            "DROP INDEX uid_delivery_remote",
        ),
    ]
