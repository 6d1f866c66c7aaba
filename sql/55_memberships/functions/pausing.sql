-- How a membership rests. A pause keeps what is left of the period: its end moves by as much as the
-- pause lasts, to the second. A skipped period is not charged and grants nothing.

/*
 * Move the end of what is paid by some time, and count later periods from there.
 */
create function memberships.shift(membership memberships.memberships, by interval)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    update memberships.membership_periods as periods
    set ends_at = periods.ends_at + shift.by
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.number = membership.number;
    update memberships.memberships
    set
        paid_until = memberships.paid_until + shift.by,
        due_until = memberships.due_until + shift.by,
        trial_ends_at = case
            when memberships.number = 0 then memberships.paid_until + shift.by
            else memberships.trial_ends_at
        end,
        anchor_at = memberships.paid_until + shift.by,
        anchor_number = memberships.number + 1,
        renews_at = memberships.paid_until + shift.by
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
    returning memberships.* into v_membership;
    return v_membership;
end;
$$;

/*
 * Pause a membership from now on: until an instant, or until somebody resumes it.
 * Definer: as memberships.change.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function memberships.pause(membership_id uuid, until timestamptz)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(pause.membership_id);
    v_now timestamptz = date_trunc('second', private.now());
begin
    perform memberships.require_running(v_membership);
    if pause.until not between v_now + interval '1 hour' and v_now + interval '366 days' then
        perform private.invalid('until', 'must be from an hour to 366 days ahead');
    end if;
    if pause.until is not null then
        v_membership = memberships.shift(v_membership, pause.until - v_now);
    end if;
    update memberships.memberships
    set
        paused_at = v_now,
        resumes_at = pause.until,
        renews_at = case when pause.until is not null then memberships.renews_at end
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    perform memberships.emit('membership.paused', v_membership);
    return v_membership.id;
end;
$$;

/*
 * Refuse a membership that does not run and renew: one that is unpaid, cancelled, or paused
 * already.
 *
 * Errors:  PT409 invalid_transition
 */
create function memberships.require_running(membership memberships.memberships)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if memberships.status_at(membership, private.now()) not in ('active', 'trialing')
        or membership.renews_at is null
        or coalesce(membership.paused_at > private.now(), false) then
        perform memberships.refuse_transition(
            'Only a membership that runs and renews can be paused or skip a period.'
        );
    end if;
end;
$$;

/*
 * Resume a paused membership now.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.resume(membership_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(resume.membership_id);
begin
    if not memberships.is_paused(v_membership, private.now())
        or v_membership.paid_until <= v_membership.paused_at then
        perform memberships.refuse_transition('This membership is not paused.');
    end if;
    v_membership = memberships.end_pause(v_membership);
    perform memberships.write_access(v_membership);
    perform memberships.emit('membership.resumed', v_membership);
    return v_membership.id;
end;
$$;

/*
 * End the pause of a membership now: what was left of its period follows.
 */
create function memberships.end_pause(membership memberships.memberships)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = date_trunc('second', private.now());
    v_membership memberships.memberships = memberships.shift(
        membership, v_now - coalesce(membership.resumes_at, membership.paused_at)
    );
begin
    update memberships.memberships
    set
        paused_at = case when memberships.paused_at < v_now then memberships.paused_at end,
        resumes_at = case when memberships.paused_at < v_now then v_now end
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    return v_membership;
end;
$$;

/*
 * Skip the next period: the membership rests from the end of this one to the end of the next.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.skip(membership_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(skip.membership_id);
    v_resumes_at timestamptz = memberships.start_of(v_membership, v_membership.number + 2);
begin
    perform memberships.require_running(v_membership);
    update memberships.memberships
    set
        paused_at = memberships.renews_at,
        resumes_at = v_resumes_at,
        renews_at = v_resumes_at,
        due_until = v_resumes_at + make_interval(hours => 24 * memberships.grace_days),
        anchor_number = memberships.anchor_number - 1
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    return v_membership.id;
end;
$$;
