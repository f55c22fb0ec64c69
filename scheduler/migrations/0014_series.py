from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0013_feed')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Series',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ('workspace', fields.ForeignKeyField('models.Workspace', source_field='workspace_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('author', fields.CharField(max_length=32)),
                ('text', fields.TextField(unique=False)),
                ('variants', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('link', fields.TextField(default='', unique=False)),
                ('title', fields.TextField(default='', unique=False)),
                ('first_comment', fields.TextField(default='', unique=False)),
                ('media', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('account_ids', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('places', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('rule', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('revision', fields.IntField(default=1)),
                ('next_day', fields.CharField(null=True, max_length=10)),
                ('next_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('trouble', fields.TextField(default='', unique=False)),
                ('retry_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('paused_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'series', 'app': 'models', 'indexes': [Index(fields=['workspace_id', 'author']), Index(fields=['next_at'])], 'pk_attr': 'id', 'table_description': 'A post that is repeated. Changed only by `scheduler.series`, `turns` and'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Post',
            name='occurrence',
            field=fields.CharField(null=True, max_length=10),
        ),
        ops.AddField(
            model_name='Post',
            name='series_id',
            field=fields.CharField(null=True, max_length=16),
        ),
        # An occurrence is made once; SQLite and PostgreSQL take empty days as different.
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_post_occurrence ON post (series_id, occurrence)",
            "DROP INDEX uid_post_occurrence",
        ),
        ops.RunSQL(
            "CREATE INDEX idx_post_of_series ON post (due_at) WHERE series_id IS NOT NULL",
            "DROP INDEX idx_post_of_series",
        ),
    ]
