-- A subject is registered by the names of functions. They are checked when the row is written, so
-- that a message never fails because a function is missing. When a row that people were told of is
-- deleted, whoever keeps something about it hears of it in the same transaction.

/*
 * Refuse a name that is not a function of these arguments and this result, or that clients
 * could call themselves.
 *
 * Errors:  PT400 invalid_input
 */
create function private.require_subject_function(
    field text, name text, arguments text, result text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_plain constant boolean = name ~ '^[a-z_]+[.][a-z_]+$';
    v_function regprocedure;
begin
    if v_is_plain and split_part(name, '.', 1) not in ('public', 'analytics') then
        v_function = to_regprocedure(format('%s(%s)', name, arguments));
    end if;
    if name is not null and pg_get_function_result(v_function) is distinct from result then
        perform private.invalid(
            field,
            format(
                'must be a function (%s) → %s in a schema that is not exposed', arguments, result
            )
        );
    end if;
end;
$$;

/*
 * The functions of a subject exist.
 *
 * Errors:  PT400 invalid_input
 */
create function private.subjects__require_functions()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.require_subject_function(
        'data_function',
        new.data_function,
        'private.subject_message[]',
        'SETOF private.subject_facts'
    );
    perform private.require_subject_function(
        'readers_function',
        new.readers_function,
        'private.subject_message[],text',
        'SETOF private.reader'
    );
    perform private.require_subject_function(
        'holds_function',
        new.holds_function,
        'private.subject_state[]',
        'SETOF integer'
    );
    perform private.require_subject_function(
        'claim_function',
        new.claim_function,
        'private.subject_message[]',
        'SETOF private.subject_claim'
    );
    return new;
end;
$$;

create trigger _100_require_functions
before insert or update on private.subjects
for each row execute function private.subjects__require_functions();

/*
 * Announce that a row of a subject is deleted. The trigger's argument is the name of the subject.
 * Definer: whoever deletes the row has no rights on announcements.
 */
create function private.any__announce_deletion()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into private.deleted_subjects (subject, subject_id)
    values (tg_argv[0], old.id);
    return null;
end;
$$;

/*
 * An announcement is answered by the triggers before this one, and not stored.
 */
create function private.deleted_subjects__discard()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return null;
end;
$$;

create trigger _900_discard
before insert on private.deleted_subjects
for each row execute function private.deleted_subjects__discard();
