-- A queue, if it is not there. Rows are rewritten with every read and gone soon after: vacuum comes
-- often, and pages keep room for the next version.
do $$
declare
    v_name text;
begin
    foreach v_name in array array[{name}, {dead_name}] loop
        if to_regclass(format('pgmq.%I', 'q_' || v_name)) is null then
            perform pgmq.create(v_name);
            execute format(
                'alter table pgmq.%I set (
                    fillfactor = 70,
                    autovacuum_vacuum_scale_factor = 0.02,
                    autovacuum_vacuum_threshold = 500,
                    autovacuum_vacuum_cost_delay = 0
                )',
                'q_' || v_name
            );
        end if;
    end loop;
end;
$$
