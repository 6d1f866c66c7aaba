-- A row of private.queues makes its queue, and the queue stays when the row is deleted: messages
-- are never lost in passing. Secrets are not kept: a code or a link of sign-in is in its message
-- while it waits to be sent, and neither in a dead letter nor in the archive.

/*
 * Remove the secrets of a message that becomes a dead letter or goes to the archive, and note
 * `withheld` in its headers.
 * Definer: the workers, who write these tables, may not call the function that knows the secrets.
 */
create function private.any__withhold_secrets()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_message jsonb = private.without_secrets(new.message);
begin
    if v_message <> new.message then
        new.message = v_message;
        new.headers = coalesce(new.headers, '{}') || '{"withheld": true}';
    end if;
    return new;
end;
$$;

/*
 * Make the queue and the queue of its dead letters, and let the workers read and write both.
 * Definer: whoever registers a queue need not own pgmq.
 */
create function private.queues__make()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
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
$$;

create trigger _500_make
after insert on private.queues
for each row execute function private.queues__make();
