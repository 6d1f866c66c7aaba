-- How a membership is cancelled: at the end of what is paid, which can be undone until then, or
-- now. Cancelling gives nothing back by itself; a member of the business refunds.

/*
 * Cancel a membership: at the end of what is paid or, where nothing is, now.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.cancel(membership_id uuid, at_period_end boolean, reason text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(cancel.membership_id);
    v_now timestamptz = private.now();
begin
    if memberships.is_paused(v_membership, v_now)
        and v_membership.paid_until > v_membership.paused_at then
        v_membership = memberships.end_pause(v_membership);
    end if;
    update memberships.memberships
    set
        cancelled_at = v_now,
        cancel_reason = cancel.reason,
        ends_at = case
            when cancel.at_period_end then greatest(memberships.paid_until, v_now) else v_now
        end,
        renews_at = null,
        next_plan_id = null
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    if (memberships.latest_period(v_membership)).paid_at is null then
        perform memberships.void_period(
            v_membership.business_id, v_membership.id, v_membership.number, 'cancelled'
        );
    end if;
    perform memberships.write_access(v_membership);
    if v_membership.ends_at <= v_now then
        perform memberships.close(v_membership);
    else
        perform memberships.emit('membership.cancelled', v_membership);
    end if;
    return v_membership.id;
end;
$$;

/*
 * Keep a membership that was cancelled to the end of its period: it renews again.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.keep(membership_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(keep.membership_id);
begin
    if v_membership.cancelled_at is null or not v_membership.renews then
        perform memberships.refuse_transition('This membership was not cancelled.');
    end if;
    update memberships.memberships
    set
        cancelled_at = null,
        cancel_reason = null,
        ends_at = null,
        renews_at = memberships.paid_until
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    perform memberships.emit('membership.kept', v_membership);
    return v_membership.id;
end;
$$;

/*
 * Let another saved card of the member pay the renewals; null: none. What is owed is charged to it.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 *          PT422 method_expired
 */
create function memberships.set_method(membership_id uuid, method_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(set_method.membership_id);
    v_period memberships.membership_periods = memberships.latest_period(v_membership);
begin
    if set_method.method_id is not null then
        if v_membership.user_id is distinct from auth.uid() then
            perform memberships.refuse_transition('Only the member chooses their card.');
        end if;
        perform memberships.require_method(set_method.method_id, v_membership.user_id);
    end if;
    update memberships.memberships
    set method_id = set_method.method_id
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id;
    if set_method.method_id is not null and v_period.paid_at is null
        and not memberships.is_being_charged(v_period) then
        update memberships.membership_periods as periods
        set next_charge_at = private.now()
        where periods.business_id = v_period.business_id and periods.id = v_period.id;
        perform memberships.charge_periods(array[v_period.id]);
    end if;
    return v_membership.id;
end;
$$;

/*
 * Is a charge of a period on its way?
 */
create function memberships.is_being_charged(period memberships.membership_periods)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from memberships.charge_attempts
        where
            charge_attempts.business_id = period.business_id
            and charge_attempts.period_id = period.id
            and charge_attempts.failed_at is null
    );
end;
$$;
