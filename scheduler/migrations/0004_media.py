from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0003_price_and_digest')]

    initial = False

    operations = [
        ops.CreateModel(
            name='MediaVersion',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('source', fields.CharField(max_length=128)),
                ('recipe', fields.CharField(max_length=64)),
                ('key', fields.CharField(db_index=True, max_length=128)),
                ('mime', fields.CharField(max_length=64)),
                ('size', fields.BigIntField()),
                ('sha256', fields.CharField(max_length=64)),
                ('width', fields.IntField()),
                ('height', fields.IntField()),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'media_version', 'app': 'models', 'unique_together': (('source', 'recipe'),), 'pk_attr': 'id', 'table_description': 'An image made fit for a platform, from a file in the media store. It lives as long as that'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='MediaFile',
            name='codec',
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name='MediaFile',
            name='frame_rate',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='MediaFile',
            name='is_located',
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name='MediaFile',
            name='is_transparent',
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name='MediaFile',
            name='orientation',
            field=fields.SmallIntField(null=True),
        ),
        ops.AddIndex(
            model_name='MediaFile',
            index=Index(fields=['key']),
        ),
    ]
