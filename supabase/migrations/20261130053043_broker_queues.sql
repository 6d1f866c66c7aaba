-- Broker queues.
set lock_timeout = '5s';

set local check_function_bodies = off;

CREATE SCHEMA "dramatiq" AUTHORIZATION "postgres";

CREATE OR REPLACE FUNCTION dramatiq.make_queue(queue_name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
    v_name text;
begin
    foreach v_name in array array[queue_name, queue_name || '_dead'] loop
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
$function$;

ALTER FUNCTION "dramatiq"."make_queue"(text) OWNER TO "postgres";

CREATE OR REPLACE FUNCTION dramatiq.notify_workers(queue_name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
    v_channel constant text = 'pgmq.q_' || queue_name || '.INSERT';
begin
    if pg_try_advisory_xact_lock(hashtextextended(v_channel, 0)) then
        perform pg_notify(v_channel, '');
    end if;
end;
$function$;

ALTER FUNCTION "dramatiq"."notify_workers"(text) OWNER TO "postgres";

CREATE OR REPLACE FUNCTION private.queues__make()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    v_name text;
begin
    grant usage on schema pgmq to worker;
    grant execute on all functions in schema pgmq to worker;
    grant select on table pgmq.meta to worker;
    perform dramatiq.make_queue(new.name);
    foreach v_name in array array[new.name, new.name || '_dead'] loop
        execute format(
            'grant select, insert, update, delete on pgmq.%I, pgmq.%I to worker',
            'q_' || v_name, 'a_' || v_name
        );
    end loop;
    foreach v_name in array array['q_' || new.name || '_dead', 'a_' || new.name] loop
        execute format(
            'create or replace trigger _100_withhold_secrets before insert on pgmq.%I
            for each row execute function private.any__withhold_secrets()',
            v_name
        );
    end loop;
    return null;
end;
$function$;

CREATE OR REPLACE FUNCTION private.replay_dead_letters(queue text, msg_ids bigint[] DEFAULT NULL::bigint[])
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
    v_count integer;
begin
    perform private.require_queue(queue);
    execute format(
        'with replayed as (
            delete from pgmq.%1$I
            where
                ($1 is null or msg_id = any($1))
                and message ? ''actor_name''
                and not coalesce(headers, ''{}'') ? ''withheld''
            returning message
        )
        insert into pgmq.%2$I (vt, message)
        select clock_timestamp(), jsonb_set(
            message, ''{options}'',
            (message -> ''options'') - array[''retries'', ''traceback'', ''requeue_timestamp'']
        )
        from replayed',
        'q_' || queue || '_dead', 'q_' || queue
    ) using msg_ids;
    get diagnostics v_count = row_count;
    perform dramatiq.notify_workers(queue);
    return v_count;
end;
$function$;

CREATE OR REPLACE FUNCTION private.send_message(queue text, actor text, kwargs jsonb, due_at timestamp with time zone DEFAULT NULL::timestamp with time zone, message_id uuid DEFAULT NULL::uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
    perform pgmq.send(
        queue,
        jsonb_build_object(
            'queue_name', queue,
            'actor_name', actor,
            'args', '[]'::jsonb,
            'kwargs', kwargs,
            'options', '{}'::jsonb,
            'message_id', coalesce(message_id, gen_random_uuid()),
            'message_timestamp', floor(extract(epoch from clock_timestamp()) * 1000)::bigint
        ),
        null::jsonb,
        coalesce(due_at, clock_timestamp())
    );
    if due_at is null then
        perform dramatiq.notify_workers(queue);
    end if;
end;
$function$;

REVOKE ALL ON FUNCTION "dramatiq"."make_queue"(text) FROM PUBLIC;

REVOKE ALL ON FUNCTION "dramatiq"."make_queue"(text) FROM "postgres";

GRANT EXECUTE ON FUNCTION "dramatiq"."make_queue"(text) TO "postgres";

REVOKE ALL ON FUNCTION "dramatiq"."notify_workers"(text) FROM PUBLIC;

REVOKE ALL ON FUNCTION "dramatiq"."notify_workers"(text) FROM "postgres";

GRANT EXECUTE ON FUNCTION "dramatiq"."notify_workers"(text) TO "postgres";

GRANT EXECUTE ON FUNCTION "dramatiq"."notify_workers"(text) TO "worker";

GRANT USAGE ON SCHEMA "dramatiq" TO "worker";

notify pgrst, 'reload schema';
