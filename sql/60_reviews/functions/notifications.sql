-- What people are told of reviews, and who hears of it. The seed registers the subject `review`;
-- the texts are those of 70_notifications.

/*
 * Return what templates may say about reviews.
 */
create function reviews.review_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'review_id', reviews.id,
            'business_id', reviews.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'author_name', coalesce(reviews.author_name, ''),
            'about', coalesce(
                products.name,
                (
                    select string_agg(services.name, ', ' order by services.name)
                    from catalog.services
                    where services.id = any(reviews.service_ids)
                ),
                ''
            ),
            'rating', reviews.rating,
            'body', coalesce(reviews.body, ''),
            'reply', coalesce(reviews.reply, ''),
            'reason', coalesce(reviews.status_reason, '')
        )
    from unnest(review_data.messages) as messages
    inner join reviews.reviews on reviews.id = messages.subject_id
    inner join business.businesses on businesses.id = reviews.business_id
    left join catalog.products
        on products.business_id = reviews.business_id and products.id = reviews.product_id;
end;
$$;

/*
 * Return who hears of reviews: the author, or the owners and managers of the business. A guest is
 * reached as the booking says.
 */
create function reviews.review_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        coalesce(profiles.email, bookings.customer_email),
        coalesce(profiles.phone, bookings.customer_phone),
        coalesce(profiles.locale, reviews.locale),
        null::jsonb
    from unnest(review_readers.messages) as messages
    inner join reviews.reviews on reviews.id = messages.subject_id
    left join identity.profiles on profiles.id = reviews.author_id
    left join scheduling.bookings
        on bookings.business_id = reviews.business_id and bookings.id = reviews.booking_id
    where
        audience = 'customer'
        and coalesce(profiles.email, bookings.customer_email) is not null;

    return query
    select readers.*
    from unnest(review_readers.messages) as messages
    inner join reviews.reviews on reviews.id = messages.subject_id
    cross join lateral
    business.manager_readers(reviews.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;
