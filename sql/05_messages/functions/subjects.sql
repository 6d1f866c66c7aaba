-- What people are told of. The domain of a subject knows what to say of one of its rows and who
-- reads it; it registers the functions that do in private.subjects. Whoever tells people asks here
-- and depends on no domain. This is the only place that calls those functions.

/*
 * Return the payload of a message about a row, with its id under the key of its subject.
 */
create function private.subject_payload(subject text, subject_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(subjects.id_key, subject_id)
        from private.subjects
        where subjects.name = subject
    );
end;
$$;

/*
 * Return what messages may say about their rows. A message about a row that does not exist is left
 * out.
 */
create function private.subject_data(subject text, messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.data_function from private.subjects where subjects.name = subject
    );
begin
    if v_function is not null then
        return query execute format('select * from %s($1)', v_function) using messages;
    end if;
end;
$$;

/*
 * Return the people of an audience who read messages, and how they are reached.
 */
create function private.subject_readers(
    subject text, messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.readers_function from private.subjects where subjects.name = subject
    );
begin
    if v_function is not null then
        return query execute format('select * from %s($1, $2)', v_function)
        using messages, audience;
    end if;
end;
$$;

/*
 * Return the numbers of the rows that are still in the condition that a message requires and still
 * start at that instant. A row without a required condition is always one of them.
 */
create function private.subjects_that_hold(subject text, states private.subject_state[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.holds_function from private.subjects where subjects.name = subject
    );
    v_required constant private.subject_state array = array(
        select required
        from unnest(states) as required
        where required.condition is not null and v_function is not null
    );
begin
    return query
    select every.ordinal
    from unnest(states) as every
    where every.condition is null or v_function is null;
    if v_required <> '{}' then
        return query execute format('select * from %s($1)', v_function) using v_required;
    end if;
end;
$$;

/*
 * Must people be told of these messages? The domain notes that they are, in this transaction. A
 * message about a row that somebody is changing right now is left out.
 */
create function private.claim_subjects(subject text, messages private.subject_message[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.claim_function from private.subjects where subjects.name = subject
    );
begin
    if v_function is null then
        return query
        select every.ordinal, true
        from unnest(messages) as every;
    else
        return query execute format('select * from %s($1)', v_function) using messages;
    end if;
end;
$$;
