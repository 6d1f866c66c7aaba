-- What the broker needs of a database with pgmq: how a queue is made, and how workers are told of a
-- message. Whoever sends or makes queues calls these functions: the broker, and SQL.

create schema if not exists dramatiq;

/*
 * Make a queue and its dead letters in pgmq, unless they exist.
 * Rows of a queue are rewritten with every read and deleted soon after, so vacuum runs often and
 * pages keep room for the next version.
 */
create or replace function dramatiq.make_queue(queue_name text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
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
$$;

/*
 * Wake the workers of a queue when this transaction commits, on the channel of pgmq's own trigger.
 * A notification makes commits wait for each other, so of several transactions that are about to
 * commit only one sends it. One is enough: the worker then reads until the queue is empty, and its
 * next poll finds what was committed later.
 */
create or replace function dramatiq.notify_workers(queue_name text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_channel constant text = 'pgmq.q_' || queue_name || '.INSERT';
begin
    if pg_try_advisory_xact_lock(hashtextextended(v_channel, 0)) then
        perform pg_notify(v_channel, '');
    end if;
end;
$$;
