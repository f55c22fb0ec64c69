from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('models', '0016_digest')]

    initial = False

    operations = [
        # What waits for an approval, in the order of its time.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_held ON delivery (workspace_id, due_at)"
            " WHERE state = 'held'",
            "DROP INDEX idx_delivery_held",
        ),
    ]
