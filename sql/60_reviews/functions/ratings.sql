-- Ratings, kept as changes and totals (tables/ratings.sql), and the score by which they are ranked.

/*
 * Return what a review adds to the ratings: for each subject its rating and its sub-ratings.
 * Nothing unless it is published.
 */
create function reviews.ratings_of(review reviews.reviews)
returns table (subject reviews.rated, subject_id uuid, aspect text, rating smallint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if review.status is distinct from 'published' then
        return;
    end if;
    return query
    select rated.subject, rated.id, given.aspect, given.rating
    from (
        select 'business'::reviews.rated, review.business_id
        union all
        select 'service'::reviews.rated, unnest(review.service_ids)
        union all
        select 'resource'::reviews.rated, unnest(review.resource_ids)
        union all
        select 'product'::reviews.rated, review.product_id
        where review.product_id is not null
    ) as rated (subject, id)
    cross join (
        select '', review.rating
        union all
        select entry.key, entry.value::text::smallint
        from jsonb_each(review.sub_ratings) as entry (key, value)
    ) as given (aspect, rating);
end;
$$;

/*
 * Fold the oldest changes of the ratings into the totals. Returns how many were folded; 0 also when
 * another worker is folding.
 * Definer: called by the worker, which has no access to the tables.
 */
create function reviews.fold_ratings(maximum integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('reviews.fold_ratings', 0)) then
        return 0;
    end if;
    with folded as (
        delete from reviews.rating_changes
        where rating_changes.id in (
            select oldest.id from reviews.rating_changes as oldest order by oldest.id limit maximum
        )
        returning rating_changes.*
    ),

    added as (
        insert into reviews.rating_totals (
            business_id, subject, subject_id, aspect,
            one_count, two_count, three_count, four_count, five_count
        )
        select
            folded.business_id,
            folded.subject,
            folded.subject_id,
            folded.aspect,
            coalesce(sum(folded.change) filter (where folded.rating = 1), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 2), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 3), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 4), 0),
            coalesce(sum(folded.change) filter (where folded.rating = 5), 0)
        from folded
        group by folded.business_id, folded.subject, folded.subject_id, folded.aspect
        on conflict (business_id, subject_id, aspect) do update
            set
                one_count = rating_totals.one_count + excluded.one_count,
                two_count = rating_totals.two_count + excluded.two_count,
                three_count = rating_totals.three_count + excluded.three_count,
                four_count = rating_totals.four_count + excluded.four_count,
                five_count = rating_totals.five_count + excluded.five_count
    )

    select count(*) into v_count from folded;
    return v_count;
end;
$$;

/*
 * Return the score by which ratings are ranked: the average as if `prior_count` reviews with
 * `prior_rating` stars had come before (a Bayesian average). Few reviews move it little.
 */
create function reviews.score(rating_count bigint, rating_sum bigint)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select round(
            (settings.prior_count * settings.prior_rating + rating_sum)
            / nullif(settings.prior_count + rating_count, 0),
            3
        )
        from reviews.settings
    );
end;
$$;

/*
 * Return the ratings that differ from a recount of all published reviews: none, if all is well.
 */
create function reviews.miscounts()
returns table (subject reviews.rated, subject_id uuid, aspect text, kept jsonb, recounted jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    with recount as (
        select counted.subject, counted.subject_id, counted.aspect,
            jsonb_object_agg(counted.rating, counted.number) as stars
        from (
            select given.subject, given.subject_id, given.aspect, given.rating,
                count(*) as number
            from reviews.reviews
            cross join lateral reviews.ratings_of(reviews) as given
            group by 1, 2, 3, 4
        ) as counted
        group by 1, 2, 3
    )

    select
        coalesce(recount.subject, summaries.subject),
        coalesce(recount.subject_id, summaries.subject_id),
        coalesce(recount.aspect, summaries.aspect),
        summaries.stars,
        recount.stars
    from recount
    full join (
        select counts.subject, counts.subject_id, counts.aspect,
            jsonb_object_agg(star.rating, star.number) filter (where star.number <> 0) as stars
        from reviews.rating_counts as counts
        cross join lateral (
            values
            (1, counts.one_count), (2, counts.two_count), (3, counts.three_count),
            (4, counts.four_count), (5, counts.five_count)
        ) as star (rating, number)
        group by 1, 2, 3
    ) as summaries
        on
            summaries.subject_id = recount.subject_id
            and summaries.aspect = recount.aspect
    where summaries.stars is distinct from recount.stars;
end;
$$;
