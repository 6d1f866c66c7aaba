-- Flags that are no longer needed. A flag that stays after its release is a branch that nobody
-- tests, so each kind has an age, and a flag that has ended is named at once.

/*
 * Return why a flag should be removed, or null while it is needed.
 * Definer: nobody reads the kinds.
 */
create function flags.stale_reason(kind text, created_at timestamptz, ends_at timestamptz)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_days integer = (
        select kinds.expected_days from flags.kinds where kinds.id = stale_reason.kind
    );
begin
    return case
        when ends_at <= private.now() then 'ended'
        when created_at + make_interval(days => v_days) <= private.now()
            then format('older than %s days', v_days)
    end;
end;
$$;
