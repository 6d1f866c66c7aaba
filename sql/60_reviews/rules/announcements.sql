-- What happens to reviews is announced, and reviews follow the booking of a guest who signs up.

/*
 * Announce a status of a review as review.published, .rejected and so on, and its deletion;
 * `received` when it is public for the first time.
 */
create function reviews.review_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'review.' || case
            when new.to_status is null then 'deleted'
            when new.to_status = 'published' and not exists (
                select 1
                from reviews.review_history
                where
                    review_history.business_id = new.business_id
                    and review_history.review_id = new.review_id
                    and review_history.to_status = 'published'
                    and review_history.id < new.id
            ) then 'received'
            else new.to_status::text
        end,
        jsonb_build_object(
            'review_id', new.review_id,
            'business_id', new.business_id,
            'from_status', new.from_status,
            'to_status', new.to_status
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on reviews.review_history
for each row execute function reviews.review_history__announce();

/*
 * Announce that the business replied.
 */
create function reviews.reviews__announce_reply()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'review.replied',
        jsonb_build_object('review_id', new.id, 'business_id', new.business_id)
    );
    return null;
end;
$$;

create trigger _500_announce_reply
after update of reply on reviews.reviews
for each row
when (old.reply is null and new.replied_at is not null and old.replied_at is null)
execute function reviews.reviews__announce_reply();

-- Whoever keeps something about a review hears when it is deleted.
create trigger _600_announce_deletion
after delete on reviews.reviews
for each row execute function private.any__announce_deletion('review');

/*
 * Let the reviews of a guest follow their bookings to the account that claims these.
 * Definer: whoever claims a booking has no rights on reviews.
 */
create function reviews.bookings__follow_customer()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update reviews.reviews
    set author_id = new.customer_id
    where reviews.business_id = new.business_id and reviews.booking_id = new.id;
    return null;
end;
$$;

create trigger _700_follow_customer
after update of customer_id on scheduling.bookings
for each row
when (old.customer_id is null and new.customer_id is not null)
execute function reviews.bookings__follow_customer();
