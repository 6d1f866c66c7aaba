-- The audit trail hangs on every table of the domains, but for what audit.exceptions() leaves out.
-- The arguments of a trigger are the columns of the primary key, those to hide, and the one that
-- names the business.
do $$
declare
    v_trigger record;
begin
    for v_trigger in
        select
            audited.relation,
            triggers.*,
            format(
                '%L, %L, %L',
                audit.key_columns(audited.relation),
                audit.hidden_columns(audited.relation),
                audited.business_column
            ) as arguments
        from audit.audited_tables() as audited
        inner join (
            values
            ('insert', 'inserted', 'referencing new table as whole_rows',
                'audit.any__record_whole'),
            ('update', 'updated', 'referencing old table as old_rows new table as new_rows',
                'audit.any__record_updated'),
            ('delete', 'deleted', 'referencing old table as whole_rows',
                'audit.any__record_whole'),
            ('truncate', 'emptied', '', 'audit.any__record_emptied')
        ) as triggers (operation, done, referencing, function_name)
            on
                triggers.operation = any(audited.operations)
                or (triggers.operation = 'truncate' and audited.operations <> '{}')
    loop
        execute format(
            'create trigger _990_record_%s after %s on %s %s '
            'for each statement execute function %s(%s)',
            v_trigger.done, v_trigger.operation, v_trigger.relation, v_trigger.referencing,
            v_trigger.function_name, v_trigger.arguments
        );
    end loop;
end;
$$;
