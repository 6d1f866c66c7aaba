-- How reviews are written and edited by their authors. What may be reviewed is a booking that was
-- given, or a line of a sale of which something was delivered, once.

/*
 * Review a booking of the caller that is over. Returns the id of the review.
 * Definer: clients have no write privileges on reviews; the booking must be the caller's.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · those of reviews.write_booking_review
 */
create function reviews.review_booking(booking_id uuid, draft reviews.draft)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.id = review_booking.booking_id
        and bookings.customer_id = private.current_user_id();
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.', 'Check the id in the view bookings.'
        );
    end if;
    return reviews.write_booking_review(v_booking, draft);
end;
$$;

/*
 * Write the review of a booking for its customer. Returns the id of the review.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT409 already_reviewed not_reviewable
 *          PT422 too_soon
 */
create function reviews.write_booking_review(booking scheduling.bookings, draft reviews.draft)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    perform reviews.refuse_unreviewable(booking);
    v_review.business_id = booking.business_id;
    v_review.booking_id = booking.id;
    v_review.author_id = booking.customer_id;
    v_review.author_name = reviews.display_name(coalesce(
        (select profiles.full_name from identity.profiles where profiles.id = booking.customer_id),
        booking.customer_name
    ));
    select
        array_agg(distinct booking_items.service_id),
        array_agg(distinct resources.id) filter (where resources.kind = 'staff')
    into v_review.service_ids, v_review.resource_ids
    from scheduling.booking_items
    left join catalog.resources on resources.id = booking_items.resource_id
    where
        booking_items.business_id = booking.business_id
        and booking_items.booking_id = booking.id
        and booking_items.cancelled_at is null;
    return reviews.write_review(v_review, draft);
end;
$$;

/*
 * Refuse a booking that nobody can review: it was not given, or it is not over.
 *
 * Errors:  PT409 not_reviewable · PT422 too_soon
 */
create function reviews.refuse_unreviewable(booking scheduling.bookings)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if booking.status not in ('confirmed', 'checked_in', 'completed') then
        perform private.refuse(
            'PT409', 'not_reviewable',
            format('A booking that is %s cannot be reviewed.', booking.status),
            'Review a booking that was completed.'
        );
    end if;
    if booking.ends_at > private.now() then
        perform private.refuse(
            'PT422', 'too_soon', 'A booking can be reviewed when it is over.',
            format(
                'It ends at %s.', to_char(booking.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            )
        );
    end if;
end;
$$;

/*
 * Review a product of a sale of the caller. Returns the id of the review.
 * Definer: as reviews.review_booking.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_reviewed not_reviewable
 */
create function reviews.review_product(sale_line_id uuid, draft reviews.draft)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_review reviews.reviews;
begin
    select sale_lines.business_id, sale_lines.id, product_variants.product_id, v_user_id
    into v_review.business_id, v_review.sale_line_id, v_review.product_id, v_review.author_id
    from sales.sale_lines
    inner join sales.sales on sales.id = sale_lines.sale_id
    inner join catalog.product_variants on product_variants.id = sale_lines.variant_id
    where
        sale_lines.id = review_product.sale_line_id
        and sale_lines.kind = 'product'
        and sale_lines.corrects_line_id is null
        and sales.customer_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product among your purchases.',
            'Check the id in the view sale_lines.'
        );
    end if;
    if not exists (
        select 1
        from commerce.order_items
        where
            order_items.business_id = v_review.business_id
            and order_items.sale_line_id = review_product.sale_line_id
            and order_items.delivered_quantity > 0
    ) then
        perform private.refuse(
            'PT409', 'not_reviewable', 'This product was not delivered yet.',
            'Review it when it has arrived.'
        );
    end if;
    v_review.author_name = reviews.display_name(
        (select profiles.full_name from identity.profiles where profiles.id = v_user_id)
    );
    return reviews.write_review(v_review, draft);
end;
$$;

/*
 * Write a review that says of what and by whom it is, with what its author wrote. Returns its id.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT409 already_reviewed
 */
create function reviews.write_review(review reviews.reviews, draft reviews.draft)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1 from business.business_members
        where
            business_members.business_id = review.business_id
            and business_members.user_id = review.author_id
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Members of a business cannot review it.',
            'Leave the review to other customers.'
        );
    end if;
    review.id = gen_random_uuid();
    review.service_ids = coalesce(review.service_ids, '{}');
    review.resource_ids = coalesce(review.resource_ids, '{}');
    review.rating = draft.rating;
    review.sub_ratings = draft.sub_ratings;
    review.body = draft.body;
    review.locale = coalesce(draft.locale, reviews.locale_of(review));
    review.author_name = coalesce(draft.display_name, review.author_name);
    review.version = 1;
    review.created_at = private.now();
    review.status = reviews.status_of_text(review);
    perform reviews.refuse_unknown_aspects(review);
    insert into reviews.reviews values (review.*) on conflict do nothing;
    if not found then
        perform private.refuse(
            'PT409', 'already_reviewed', 'There is a review of this already.',
            'Change it with edit_review.'
        );
    end if;
    return review.id;
end;
$$;

/*
 * Return the language of an author, or of the business.
 */
create function reviews.locale_of(review reviews.reviews)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (select profiles.locale from identity.profiles where profiles.id = review.author_id),
        (select businesses.locale from business.businesses where businesses.id = review.business_id)
    );
end;
$$;

/*
 * Return the status of a review with a new text: published at once where the platform does so,
 * unless a moderator once took down a review of the same purchase.
 */
create function reviews.status_of_text(review reviews.reviews)
returns reviews.review_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when (select settings.is_published_at_once from reviews.settings)
            and not exists (
                select 1 from reviews.review_history
                where
                    review_history.business_id = review.business_id
                    and (
                        review_history.booking_id = review.booking_id
                        or review_history.sale_line_id = review.sale_line_id
                    )
                    and review_history.to_status in ('rejected', 'flagged', 'hidden')
            ) then 'published'
        else 'pending'
    end;
end;
$$;
