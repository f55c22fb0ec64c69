from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from scheduler.states import Role
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0001_initial')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Account',
            name='defaults',
            field=fields.JSONField(default=dict, db_default='{}', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Delivery',
            name='parent_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Delivery',
            name='part',
            field=fields.SmallIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Delivery',
            name='place',
            field=fields.CharField(default='', db_default='', max_length=255),
        ),
        ops.AddField(
            model_name='Delivery',
            name='role',
            field=fields.CharEnumField(default=Role.POST, description='POST: post\nTHREAD: thread\nCOMMENT: comment', db_default=Role.POST, enum_type=Role, max_length=8),
        ),
        ops.AddField(
            model_name='MediaFile',
            name='duration',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='Post',
            name='first_comment',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Post',
            name='link',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Post',
            name='title',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Post',
            name='variants',
            field=fields.JSONField(default=dict, db_default='{}', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        # A part is followed by one part, however often its success is told.
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_delivery_parent ON delivery (parent_id)"
            " WHERE parent_id IS NOT NULL",
            "DROP INDEX uid_delivery_parent",
        ),
    ]
