from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('models', '0014_series')]

    initial = False

    operations = [
        # What may still go out, in the order of its time.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_open ON delivery (workspace_id, due_at) WHERE state NOT IN"
            " ('published', 'cancelled', 'posted_manually', 'failed', 'missed')",
            "DROP INDEX idx_delivery_open",
        ),
        # What may wait for a person, newest first.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_stopped ON delivery (workspace_id, since) WHERE state IN"
            " ('failed', 'missed', 'unconfirmed')",
            "DROP INDEX idx_delivery_stopped",
        ),
        # What is live, newest first.
        ops.RunSQL(
            "CREATE INDEX idx_delivery_live ON delivery (workspace_id, published_at)"
            " WHERE published_at IS NOT NULL",
            "DROP INDEX idx_delivery_live",
        ),
    ]
