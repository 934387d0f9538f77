"""The migrations make what the models say, and know the database of before they were merged."""

from itertools import chain

import pytest
from django.apps import apps
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from clearinghouse.tables import Together

FLOORS = ("partners", "roaming", "billing")


def rows(question: str) -> set[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return set(cursor.fetchall())


@pytest.mark.django_db
class TestTheTables:
    def test_have_the_columns_of_their_models(self):
        there = rows(
            "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )

        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in FLOORS:
                said = {
                    (model._meta.db_table, field.column, field.null)
                    for field in model._meta.local_concrete_fields
                    if field.column
                }
                assert said, model
                assert said <= there

    def test_have_the_constraints_and_indexes_of_their_models(self):
        there = rows(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE conrelid <> 0"
            " UNION SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'"
        )

        said = {
            (model._meta.db_table, each.name)
            for model in apps.get_models()
            if model._meta.app_label in FLOORS
            for each in chain(model._meta.constraints, model._meta.indexes)
        }
        assert len(said) > 100
        assert not said - there

    def test_have_the_foreign_keys_of_their_models(self):
        there = rows(
            "SELECT conrelid::regclass::text, a.attname, confrelid::regclass::text"
            " FROM pg_constraint"
            " JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = conkey[1]"
            " WHERE contype = 'f'"
        )

        said = {
            (model._meta.db_table, field.column, field.related_model._meta.db_table)
            for model in apps.get_models(include_auto_created=True)
            if model._meta.app_label in FLOORS
            for field in model._meta.local_concrete_fields
            if field.remote_field and field.db_constraint
        }
        assert len(said) > 50
        assert not said - there


@pytest.mark.django_db
def test_a_database_that_has_every_merged_migration_has_nothing_to_do():
    recorder = MigrationRecorder(connection)
    merged = {
        key: migration.replaces
        for key, migration in MigrationExecutor(connection).loader.disk_migrations.items()
        if migration.replaces
    }
    assert {app for app, _ in merged} == set(FLOORS)
    for (app, name), replaces in merged.items():
        recorder.record_unapplied(app, name)
        for old in replaces:
            recorder.record_applied(*old)

    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_a_step_that_is_not_about_a_model_is_refused():
    with pytest.raises(TypeError, match="is not about a model"):
        Together([migrations.RunSQL("SELECT 1")])
