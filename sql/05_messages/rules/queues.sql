-- A queue is made with its row and outlives it: messages are never thrown away in passing. Secrets
-- are: a code or a link of sign-in is in the message while it waits to be sent, and in nothing that
-- is kept.

/*
 * A message that is kept, as a dead letter or in the archive, loses its secrets; `withheld` in its
 * headers says so.
 * Definer: whoever buries a message need not know what is secret.
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
 * Make the queue and its dead letters, and let the workers read and write both.
 * Definer: whoever registers a queue need not be the owner of pgmq.
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
