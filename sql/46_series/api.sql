-- What the API offers about series: they are booked, moved and cancelled together. One occurrence
-- alone is a booking like any other.

create view public.booking_series
with (security_invoker = true)
as
select
    booking_series.id,
    booking_series.business_id,
    booking_series.customer_id,
    booking_series.service_id,
    booking_series.rrule,
    booking_series.first_at,
    booking_series.time_zone,
    booking_series.conflicts,
    booking_series.created_at
from scheduling.booking_series;
grant select on public.booking_series to authenticated, service_role;

comment on view public.booking_series is
'Bookings that were made together by a rule.

Customers see their own, members those of their business. Embed bookings(*). Written only by '
'book_series.';
comment on column public.booking_series.id is 'Primary key.';
comment on column public.booking_series.business_id is 'The business.';
comment on column public.booking_series.customer_id is
'The user who booked; null for a deleted user.';
comment on column public.booking_series.service_id is 'The service.';
comment on column public.booking_series.rrule is 'The recurrence rule of RFC 5545.';
comment on column public.booking_series.first_at is
'Local time of the first occurrence in time_zone; the others keep the time of day.';
comment on column public.booking_series.time_zone is 'The business''s zone at the time of booking.';
comment on column public.booking_series.conflicts is
'Occurrences that could not be booked and were skipped: [{starts_at, reason}].';
comment on column public.booking_series.created_at is 'When it was created.';

/*
 * Return a series as the caller may see it.
 */
create function scheduling.visible_series(series_id uuid)
returns public.booking_series
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_series public.booking_series;
begin
    select booking_series.* into v_series
    from public.booking_series
    where booking_series.id = visible_series.series_id;
    return v_series;
end;
$$;
grant execute on function scheduling.visible_series(uuid) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 *          PT409 coupon_exhausted idempotency_conflict link_expired not_bookable price_changed
 *              slot_taken terms_not_accepted
 *          PT422 blocked_out coupon_invalid limit_reached not_eligible outside_hours too_far
 *              too_soon
 */
create function public.book_series(
    service_id public.identifier,
    starts_at public.instant,
    rrule text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    on_conflict text default 'fail',
    idempotency_key text default null,
    answers public.object default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_selection scheduling.selection = scheduling.to_selection(
        service_id, starts_at, resource_id, party_size, addon_ids, answers
    );
    v_on_conflict text = coalesce(on_conflict, 'fail');
    v_rrule text = private.to_required_text(rrule, 'rrule', 500);
    v_terms pricing.context = pricing.to_terms(coupon_code, null, null, null, null, null);
    v_notes text = private.to_text(notes, 'notes', 2000);
    v_answer jsonb;
    v_id uuid;
    v_series public.booking_series;
begin
    perform private.token_user_id();
    if v_on_conflict not in ('fail', 'skip') then
        perform private.invalid('on_conflict', 'must be fail or skip');
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'book_series',
            idempotency_key,
            jsonb_build_array(to_jsonb(v_selection), v_rrule, to_jsonb(v_terms), v_notes, v_on_conflict)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.booking_series, v_answer);
        end if;
    end if;
    v_id = scheduling.create_series(v_selection, v_rrule, v_terms, v_notes, v_on_conflict = 'skip');
    v_series = scheduling.visible_series(v_id);
    if idempotency_key is not null then
        perform private.remember_answer('book_series', idempotency_key, to_jsonb(v_series));
    end if;
    return v_series;
end;
$$;
comment on function public.book_series is
'Book a service by a recurrence rule.

Each occurrence is a booking. The other arguments are those of book. Returns the series; the '
'view bookings has its bookings by series_id.

- rrule: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYDAY (with ordinals in months and '
'years), BYMONTHDAY, and COUNT or UNTIL, at most 366 occurrences.
- starts_at: the first occurrence; all others keep its local time in the business''s zone.
- coupon_code: each occurrence uses the coupon once.
- on_conflict: fail refuses the whole series if a date is not available, and names the dates; '
'skip skips such dates and lists them in conflicts.

Errors: invalid_input 400, not_signed_in 401, customer_blocked 403, not_found 404, '
'coupon_exhausted 409, '
'idempotency_conflict 409, link_expired 409, not_bookable 409, price_changed 409, '
'slot_taken 409, terms_not_accepted 409, blocked_out 422, coupon_invalid 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition not_bookable slot_taken
 *          PT422 blocked_out limit_reached not_eligible outside_hours too_far too_late too_soon
 */
create function public.reschedule_series(
    series_id public.identifier,
    starts_at public.instant,
    from_booking_id public.identifier default null,
    resource_id public.identifier default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.move_series(
        v_id,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
    return scheduling.visible_series(v_id);
end;
$$;
comment on function public.reschedule_series is
'Move the remaining bookings of a series, or from_booking_id and those after it.

The first of them moves to starts_at, the others by the same difference in local time. All or '
'nothing; each moves by the rules of reschedule_booking. Returns the series.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409, not_bookable 409, slot_taken 409, blocked_out 422, '
'limit_reached 422, not_eligible 422, outside_hours 422, too_far 422, too_late 422, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 changed_meanwhile hold_expired invalid_transition
 */
create function public.cancel_series(
    series_id public.identifier,
    from_booking_id public.identifier default null,
    reason text default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.cancel_series(
        v_id,
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_text(reason, 'reason', 1000)
    );
    return scheduling.visible_series(v_id);
end;
$$;
comment on function public.cancel_series is
'Cancel the remaining bookings of a series, or from_booking_id and those after it.

Repeating the call changes nothing. Returns the series.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, changed_meanwhile 409, '
'hold_expired 409, invalid_transition 409.';
grant execute on function
public.book_series(
    public.identifier, public.instant, text, public.identifier, public.whole_number,
    public.list, text, text, text, text, public.object
),
public.reschedule_series(public.identifier, public.instant, public.identifier, public.identifier),
public.cancel_series(public.identifier, public.identifier, text)
to anon, authenticated, service_role;
