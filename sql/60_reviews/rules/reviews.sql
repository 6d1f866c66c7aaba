-- What holds for reviews on every path: which status follows which, that every change is recorded
-- and announced, and that the ratings follow in the same transaction.

/*
 * Refuse a change of the status that does not exist.
 *
 * Errors:  PT409 invalid_transition
 */
create function reviews.reviews__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from reviews.review_transitions
        where
            review_transitions.from_status = old.status
            and review_transitions.to_status = new.status
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s cannot become %s.', old.status, new.status),
            'Read the review again and check its status.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on reviews.reviews
for each row
when (old.status is distinct from new.status)
execute function reviews.reviews__refuse_illegal_steps();

/*
 * Note when a review is public for the first time.
 */
create function reviews.reviews__note_publication()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.published_at = private.now();
    return new;
end;
$$;

create trigger _200_note_publication
before insert or update of status on reviews.reviews
for each row
when (new.status = 'published' and new.published_at is null)
execute function reviews.reviews__note_publication();

/*
 * Record a new review, a change of its status, or its deletion. A review that goes with its booking
 * or its sale leaves no history; what was recorded before goes as well.
 * Definer: authors delete reviews, and have no rights on the history.
 */
create function reviews.reviews__record_status()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_review constant reviews.reviews = case when tg_op = 'DELETE' then old else new end;
begin
    if tg_op = 'DELETE' and not reviews.has_purchase(v_review) then
        return null;
    end if;
    insert into reviews.review_history (
        business_id, review_id, booking_id, sale_line_id, from_status, to_status, actor_id,
        reason, at
    )
    values (
        v_review.business_id,
        v_review.id,
        v_review.booking_id,
        v_review.sale_line_id,
        case when tg_op <> 'INSERT' then old.status end,
        case when tg_op <> 'DELETE' then new.status end,
        auth.uid(),
        case when tg_op <> 'DELETE' then new.status_reason end,
        private.now()
    );
    return null;
end;
$$;

/*
 * Is the booking or the line of a sale still there that a review is of?
 */
create function reviews.has_purchase(review reviews.reviews)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.bookings
        where bookings.business_id = review.business_id and bookings.id = review.booking_id
    ) or exists (
        select 1
        from sales.sale_lines
        where sale_lines.business_id = review.business_id and sale_lines.id = review.sale_line_id
    );
end;
$$;

create trigger _300_record_status
after insert or delete on reviews.reviews
for each row execute function reviews.reviews__record_status();

create trigger _310_record_status
after update of status on reviews.reviews
for each row
when (old.status is distinct from new.status)
execute function reviews.reviews__record_status();

/*
 * Add to the ratings what a review changes: what it gave before is taken back, what it gives now
 * is added. Only adds rows, so nobody waits for anybody.
 * Definer: as reviews.reviews__record_status.
 */
create function reviews.reviews__count_ratings()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into reviews.rating_changes (
        business_id, subject, subject_id, aspect, rating, change
    )
    select
        case when tg_op = 'INSERT' then new.business_id else old.business_id end,
        counted.subject,
        counted.subject_id,
        counted.aspect,
        counted.rating,
        sum(counted.change)
    from (
        select given.*, -1 as change
        from reviews.ratings_of(case when tg_op <> 'INSERT' then old end) as given
        union all
        select given.*, 1
        from reviews.ratings_of(case when tg_op <> 'DELETE' then new end) as given
    ) as counted
    group by counted.subject, counted.subject_id, counted.aspect, counted.rating
    having sum(counted.change) <> 0;
    return null;
end;
$$;

create trigger _400_count_ratings
after insert or delete on reviews.reviews
for each row execute function reviews.reviews__count_ratings();

create trigger _410_count_ratings
after update on reviews.reviews
for each row
when (
    (old.status, old.rating, old.sub_ratings, old.service_ids, old.resource_ids, old.product_id)
    is distinct from (
        new.status, new.rating, new.sub_ratings, new.service_ids, new.resource_ids, new.product_id
    )
)
execute function reviews.reviews__count_ratings();

create trigger _100_refuse_rewriting
before update or delete on reviews.review_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on reviews.review_history
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on reviews.review_versions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on reviews.review_versions
for each statement execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on reviews.rating_aspects
for each row execute function business.any__refuse_bad_input('manage');

create trigger _500_release_medium
after delete on reviews.review_media
for each row execute function files.any__release_medium();
