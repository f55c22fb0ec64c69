from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from scheduler.states import PostState, State
from tortoise.fields.base import OnDelete
from tortoise import fields


class Reworded(ops.AlterField):
    """An enumeration that got another member. The database keeps words and need not know: on SQLite
    the tool would copy the whole table, and drop the old one with its indexes."""

    async def database_forward(self, *_: object) -> None:
        return

    async def database_backward(self, *_: object) -> None:
        return


class Migration(migrations.Migration):
    dependencies = [('models', '0009_account_slots')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Decision',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('post', fields.ForeignKeyField('models.Post', source_field='post_id', db_constraint=True, to_field='id', related_name='decisions', on_delete=OnDelete.CASCADE)),
                ('revision', fields.IntField()),
                ('user_id', fields.CharField(max_length=32)),
                ('is_approved', fields.BooleanField()),
                ('reason', fields.TextField(default='', unique=False)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'decision', 'app': 'models', 'unique_together': (('post', 'revision', 'user_id'),), 'pk_attr': 'id', 'table_description': 'What one approver said of one revision of a post.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Rules',
            fields=[
                ('workspace', fields.OneToOneField('models.Workspace', source_field='workspace_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='rules', on_delete=OnDelete.CASCADE)),
                ('approvers', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('approver_group', fields.CharField(default='', max_length=32)),
                ('group_name', fields.CharField(default='', max_length=255)),
                ('group_members', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('group_read_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('needed', fields.SmallIntField(default=1)),
                ('admins_approve_own', fields.BooleanField(default=False)),
                ('every_account', fields.BooleanField(default=False)),
                ('remind_minutes', fields.IntField(default=120)),
                ('review_channel', fields.CharField(default='', max_length=32)),
                ('brand_channel', fields.CharField(default='', max_length=32)),
                ('saved_by', fields.CharField(default='', max_length=32)),
                ('lost_channels', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'rules', 'app': 'models', 'pk_attr': 'workspace_id', 'table_description': 'Who approves posts in a workspace, and where.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Account',
            name='needs_approval',
            field=fields.BooleanField(null=True),
        ),
        Reworded(
            model_name='Delivery',
            name='state',
            field=fields.CharEnumField(default=State.SCHEDULED, description='HELD: held\nSCHEDULED: scheduled\nQUEUED: queued\nPREPARING: preparing\nPROCESSING: processing\nPUBLISHING: publishing\nPUBLISHED: published\nRETRYING: retrying\nPARKED: parked\nUNCONFIRMED: unconfirmed\nFAILED: failed\nMISSED: missed\nCANCELLED: cancelled\nPOSTED_MANUALLY: posted_manually', enum_type=State, max_length=16),
        ),
        Reworded(
            model_name='Post',
            name='state',
            field=fields.CharEnumField(default=PostState.DRAFT, description='DRAFT: draft\nSUBMITTED: submitted\nRETURNED: returned\nAPPROVED: approved\nSCHEDULED: scheduled\nCANCELLED: cancelled', enum_type=PostState, max_length=16),
        ),
        ops.AddField(
            model_name='Post',
            name='review_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(
            "CREATE INDEX idx_post_review ON post (review_at) WHERE review_at IS NOT NULL",
            "DROP INDEX idx_post_review",
        ),
    ]
