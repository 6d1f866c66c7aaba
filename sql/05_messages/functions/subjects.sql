-- What people are told of. The domain of a subject knows what to say of one of its rows and who
-- reads it; it registers the functions that do in private.subjects. Whoever tells people asks here
-- and depends on no domain. This is the only place that calls those functions.

/*
 * Return the id of the row that a message is about.
 */
create function private.subject_id(subject text, payload jsonb)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select (payload ->> subjects.id_key)::uuid
        from private.subjects
        where subjects.name = subject
    );
end;
$$;

/*
 * Return the payload of a message about a row, as private.subject_id reads it.
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
 * Return what a message may say about a row, or null when the row does not exist.
 */
create function private.subject_data(subject text, subject_id uuid, payload jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.data_function from private.subjects where subjects.name = subject
    );
    v_data jsonb;
begin
    if v_function is not null then
        execute format('select %s($1, $2)', v_function) into v_data using subject_id, payload;
    end if;
    return v_data;
end;
$$;

/*
 * Return the people of an audience who read about a row, and how they are reached.
 */
create function private.subject_readers(
    subject text, subject_id uuid, audience text, payload jsonb
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
        return query execute format('select * from %s($1, $2, $3)', v_function)
        using subject_id, audience, payload;
    end if;
end;
$$;

/*
 * Is a row still in the condition that a message requires, and does it still start at that instant?
 */
create function private.subject_holds(
    subject text, subject_id uuid, condition text, starts_at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.holds_function from private.subjects where subjects.name = subject
    );
    v_holds boolean = true;
begin
    if v_function is not null and condition is not null then
        execute format('select %s($1, $2, $3)', v_function)
        into v_holds
        using subject_id, condition, starts_at;
    end if;
    return v_holds;
end;
$$;

/*
 * Is somebody to be told of this message? The domain notes that they are, in this transaction.
 */
create function private.claim_subject(subject text, subject_id uuid, payload jsonb)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select subjects.claim_function from private.subjects where subjects.name = subject
    );
    v_is_told boolean = true;
begin
    if v_function is not null then
        execute format('select %s($1, $2)', v_function) into v_is_told using subject_id, payload;
    end if;
    return v_is_told;
end;
$$;
