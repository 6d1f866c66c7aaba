-- The one seam of every feed of changes (phones, exports with a cursor, programs that ask). Rows of
-- a feed carry pg_current_xact_id(), and a reader stops at private.feed_horizon(): every
-- transaction before it has ended, so nothing can appear behind a reader any more. A time or a
-- sequence would lose what commits late.

/*
 * Return the first transaction that may still be running. A feed reads what earlier ones wrote.
 */
create function private.feed_horizon()
returns xid8
language sql
stable
security invoker
set search_path = ''
as $$
    select pg_snapshot_xmin(pg_current_snapshot());
$$;

/*
 * Return the name of this history of the database. Transactions count anew in another cluster, and
 * after a restore to an earlier moment they have another meaning: a cursor of another timeline asks
 * for a full read.
 */
create function private.timeline()
returns text
language sql
stable
security invoker
set search_path = ''
as $$
    select format('%s.%s', system.system_identifier, checkpoint.timeline_id)
    from pg_control_system() as system
    cross join pg_control_checkpoint() as checkpoint;
$$;

/*
 * Write the position of a reader as one word.
 */
create function private.write_cursor(parts jsonb)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
    select translate(
        encode(convert_to(write_cursor.parts::text, 'UTF8'), 'base64'), E'+/=\n', '-_'
    );
$$;

/*
 * Read a cursor that private.write_cursor wrote; null for null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.read_cursor(cursor text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_parts jsonb;
begin
    if cursor is null then
        return null;
    end if;
    v_parts = convert_from(
        decode(
            translate(cursor, '-_', '+/') || repeat('=', (4 - length(cursor) % 4) % 4), 'base64'
        ),
        'UTF8'
    )::jsonb;
    if jsonb_typeof(v_parts) <> 'object' then
        perform private.invalid('cursor', 'must be one of an earlier answer');
    end if;
    return v_parts;
exception
    when
        invalid_parameter_value
        or invalid_text_representation
        or character_not_in_repertoire
        or untranslatable_character then
        perform private.invalid('cursor', 'must be one of an earlier answer');
end;
$$;
