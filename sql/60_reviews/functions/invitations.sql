-- Invitations to review a booking. The mail after a visit has a link by which its reader reviews
-- the booking without signing in, whether they have an account or not (47_guests/functions/links).

/*
 * Return the path of a link by which the customer of a booking reviews it; null when nothing is
 * left to review.
 */
create function reviews.invitation_path(booking_id uuid)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    select
        bookings.business_id,
        bookings.id,
        bookings.customer_email,
        private.now() + make_interval(days => settings.invitation_days)
    into v_request.business_id, v_request.booking_id, v_request.email, v_request.expires_at
    from scheduling.bookings
    cross join reviews.settings
    where
        bookings.id = invitation_path.booking_id
        and bookings.customer_email is not null
        and bookings.status = 'completed'
        and not exists (
            select 1
            from reviews.reviews
            where
                reviews.business_id = bookings.business_id and reviews.booking_id = bookings.id
        );
    if not found then
        return null;
    end if;
    return format(
        '/functions/v1/review?booking=%s&token=%s', invitation_path.booking_id,
        scheduling.make_link(v_request)
    );
end;
$$;

/*
 * Review a booking by the link of an invitation, for its customer. Returns {id, status}.
 * Definer: the reader is not signed in; the token proves whose booking it is.
 *
 * Errors:  PT403 code_invalid · those of reviews.write_booking_review
 */
create function reviews.review_by_link(booking_id uuid, token text, draft reviews.draft)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking constant scheduling.bookings = reviews.invited_booking(booking_id, token);
    v_id constant uuid = reviews.write_booking_review(v_booking, draft);
begin
    return (
        select jsonb_build_object('id', reviews.id, 'status', reviews.status)
        from reviews.reviews
        where reviews.id = v_id
    );
end;
$$;

/*
 * Return the booking that a link is for.
 *
 * Errors:  PT403 code_invalid
 */
create function reviews.invited_booking(booking_id uuid, token text)
returns scheduling.bookings
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    perform scheduling.require_link(booking_id, token);
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = invited_booking.booking_id;
    return v_booking;
end;
$$;

/*
 * Return what the page behind a link shows: {business_name, services}.
 * Definer: as reviews.review_by_link.
 *
 * Errors:  PT403 code_invalid
 */
create function reviews.show_invitation(booking_id uuid, token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking constant scheduling.bookings = reviews.invited_booking(booking_id, token);
begin
    return (
        select jsonb_build_object(
            'business_name', businesses.name, 'services', facts.service_names
        )
        from business.businesses
        cross join lateral scheduling.calendar_facts(array[v_booking.id]) as facts
        where businesses.id = v_booking.business_id
    );
end;
$$;

/*
 * Review a booking with what the form of the page behind a link sends.
 * Definer: the edge reads no arguments and has no rights on reviews.
 *
 * Errors:  those of reviews.review_by_link
 */
create function reviews.answer_invitation(
    booking_id uuid, token text, rating text, body text, display_name text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return reviews.review_by_link(
        booking_id,
        token,
        reviews.to_draft(nullif(rating, ''), body, null, null, display_name)
    );
end;
$$;
