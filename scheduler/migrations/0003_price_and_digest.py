from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0002_content')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Delivery',
            name='digest',
            field=fields.CharField(default='', db_default='', max_length=64),
        ),
        ops.AddField(
            model_name='Delivery',
            name='price',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name='Delivery',
            index=Index(fields=['account_id', 'digest']),
        ),
        # What a month costs is added up from this.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_price ON delivery (platform, due_at) WHERE price > 0",
            "DROP INDEX idx_delivery_price",
        ),
    ]
