from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("membership", "accounts_membership_public_id"),
        migrations.RenameField("membership", "public_id", "user_public_id"),
        migrations.RunSQL(
            "UPDATE accounts_membership membership SET user_public_id = person.public_id "
            "FROM accounts_user person WHERE person.id = membership.user_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField("membership", "user_public_id", models.UUIDField(editable=False)),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(fields=("organization", "user_public_id"), name="accounts_membership_public_id"),
        ),
    ]
