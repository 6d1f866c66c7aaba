-- What authors call: they review what they had, edit their text, and report what others wrote.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_reviewed not_reviewable · PT422 too_soon
 */
create function public.review_booking(
    booking_id public.identifier,
    rating public.whole_number,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.review_booking(
            private.to_identifier(booking_id, 'booking_id'),
            reviews.to_draft(rating, body, sub_ratings, locale, display_name)
        )
    );
end;
comment on function public.review_booking is
'Review a booking of yours that is over, once.

The booking is completed, or confirmed and its end has passed. The review is published at once, or '
'waits for a moderator where the platform says so. Returns the review.

- rating: 1 to 5.
- body: plain text of at most 5000 characters.
- sub_ratings: 1 to 5 by the keys of rating_aspects, such as {"cleanliness": 5}.
- locale: the language of the text; by default yours.
- display_name: how readers see you, at most 80 characters; by default your first name and the '
'initial of your last name.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_reviewed 409, '
'not_reviewable 409, too_soon 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_reviewed not_reviewable
 */
create function public.review_product(
    sale_line_id public.identifier,
    rating public.whole_number,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.review_product(
            private.to_identifier(sale_line_id, 'sale_line_id'),
            reviews.to_draft(rating, body, sub_ratings, locale, display_name)
        )
    );
end;
comment on function public.review_product is
'Review a product that you bought and that was delivered to you, once for each purchase.

Returns the review. The other arguments are those of review_booking.

- sale_line_id: a line of the view sale_lines.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_reviewed 409, '
'not_reviewable 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition · PT422 edit_window_over
 */
create function public.edit_review(
    review_id public.identifier,
    rating public.whole_number default null,
    body text default null,
    sub_ratings public.object default null,
    locale text default null,
    display_name text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.edit_review(
            private.to_identifier(review_id, 'review_id'),
            reviews.to_draft(rating, body, sub_ratings, locale, display_name, is_whole => false)
        )
    );
end;
comment on function public.edit_review is
'Edit a review of yours, within 30 days unless the platform says otherwise. What you leave out '
'stays.

The text before is kept in review_versions. A rejected review waits for a moderator again, and so '
'does any edited review where moderators publish. Returns the review.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409, '
'edit_window_over 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.report_review(review_id public.identifier, reason text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.report(
        private.to_identifier(review_id, 'review_id'),
        private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.report_review is
'Report a review that should not be public. Each person counts once, and all members of the '
'reviewed business count as one.

When three people reported it, unless the platform says otherwise, it is flagged: nobody reads it '
'until a moderator decides. Returns nothing.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.review_booking(
    public.identifier, public.whole_number, text, public.object, text, text
),
public.review_product(
    public.identifier, public.whole_number, text, public.object, text, text
),
public.edit_review(
    public.identifier, public.whole_number, text, public.object, text, text
),
public.report_review(public.identifier, text)
to anon, authenticated, service_role;
