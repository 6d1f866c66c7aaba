-- Reviewing by the link of a mail, for people who are not signed in. The page behind the link is
-- /functions/v1/review; a client with a page of its own calls the function.

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid forbidden
 *          PT409 already_reviewed not_reviewable · PT422 too_soon
 */
create function public.review_by_link(
    booking_id public.identifier,
    token text,
    rating public.whole_number,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.review_by_link(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_required_text(token, 'token', 200),
        reviews.to_draft(rating, body, sub_ratings, locale, display_name)
    );
end;
comment on function public.review_by_link is
'Review a booking by the link of the mail after it, without signing in.

The review is that of the booking''s customer, as if they had called review_booking. Returns {id, '
'status}. The other arguments are those of review_booking.

- token: from the link; it works for 60 days unless the platform says otherwise.

Errors: invalid_input 400, code_invalid 403, forbidden 403, already_reviewed 409, '
'not_reviewable 409, too_soon 422.';

grant execute on function
reviews.review_by_link(uuid, text, reviews.draft),
public.review_by_link(
    public.identifier, text, public.whole_number, text, public.object, text, text
)
to anon, authenticated, service_role;
grant usage on schema reviews to edge;
grant execute on function
reviews.show_invitation(uuid, text),
reviews.answer_invitation(uuid, text, text, text, text)
to edge;
