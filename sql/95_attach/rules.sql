-- The audit trail hangs on every table of the domains, but for what audit.exceptions() leaves out.
do $$
declare
    v_table record;
    v_operation text;
    v_done text;
begin
    for v_table in select audited.* from audit.audited_tables() as audited loop
        foreach v_operation in array v_table.operations loop
            v_done = v_operation || case when v_operation = 'insert' then 'ed' else 'd' end;
            execute format(
                'create trigger _990_record_%1$s after %2$s on %3$s %4$s '
                'for each statement execute function audit.any__record_%1$s(%5$L, %6$L, %7$L)',
                v_done,
                v_operation,
                v_table.relation,
                case v_operation
                    when 'insert' then 'referencing new table as new_rows'
                    when 'update' then 'referencing old table as old_rows new table as new_rows'
                    else 'referencing old table as old_rows'
                end,
                v_table.key_columns, v_table.hidden_columns, v_table.business_column
            );
        end loop;
        if v_table.operations <> '{}' then
            execute format(
                'create trigger _990_record_emptied after truncate on %s '
                'for each statement execute function audit.any__record_emptied()',
                v_table.relation
            );
        end if;
    end loop;
end;
$$;
