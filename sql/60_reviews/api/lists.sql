-- What everybody reads: published reviews, their photos, ratings, and what can be rated.

create view public.business_reviews
with (security_invoker = true)
as
select
    reviews.id,
    reviews.business_id,
    reviews.product_id,
    reviews.service_ids,
    reviews.resource_ids,
    reviews.author_name,
    reviews.rating,
    reviews.sub_ratings,
    reviews.body,
    reviews.locale,
    reviews.published_at,
    reviews.edited_at,
    reviews.reply,
    reviews.replied_at
from reviews.reviews
where reviews.status = 'published';
grant select on public.business_reviews to anon, authenticated, service_role;

comment on view public.business_reviews is
'Published reviews of businesses and their products. Read them page by page with '
'order=published_at.desc,id.desc, or with review_page, which adds the ratings.';
comment on column public.business_reviews.id is 'Key.';
comment on column public.business_reviews.business_id is 'The reviewed business.';
comment on column public.business_reviews.product_id is 'The reviewed product; null for a booking.';
comment on column public.business_reviews.service_ids is 'The services of the booking.';
comment on column public.business_reviews.resource_ids is 'The staff who gave them.';
comment on column public.business_reviews.author_name is
'The display name of the author; null when none is known. Nothing else names the author.';
comment on column public.business_reviews.rating is '1 to 5.';
comment on column public.business_reviews.sub_ratings is '1 to 5 by the keys of rating_aspects.';
comment on column public.business_reviews.body is 'Plain text, or null.';
comment on column public.business_reviews.locale is 'The language of the text.';
comment on column public.business_reviews.published_at is 'When it was public for the first time.';
comment on column public.business_reviews.edited_at is 'When it was last edited; null for never.';
comment on column public.business_reviews.reply is 'The reply of the business, or null.';
comment on column public.business_reviews.replied_at is 'When it was written.';

create view public.review_media
with (security_invoker = true)
as
select
    review_media.media_id,
    review_media.review_id,
    review_media.position
from reviews.review_media;
grant select on public.review_media to anon;
grant select, delete on public.review_media to authenticated, service_role;

comment on view public.review_media is
'The photos of reviews. Authors add them with create_upload for review:ID, kind photo, and take '
'one out by deleting its row.';
comment on column public.review_media.media_id is 'The picture.';
comment on column public.review_media.review_id is 'The review.';
comment on column public.review_media.position is 'Order by it.';

create view public.rating_aspects
with (security_invoker = true)
as
select
    rating_aspects.id,
    rating_aspects.business_id,
    rating_aspects.service_category_id,
    rating_aspects.product_category_id,
    rating_aspects.key,
    rating_aspects.name,
    rating_aspects.position
from reviews.rating_aspects;
grant select on public.rating_aspects to anon;
grant select, insert, update, delete on public.rating_aspects to authenticated, service_role;

comment on view public.rating_aspects is
'What customers of a business rate beside the whole, such as cleanliness. Owners and managers '
'write it.';
comment on column public.rating_aspects.id is 'Key.';
comment on column public.rating_aspects.business_id is 'The business.';
comment on column public.rating_aspects.service_category_id is
'Only for services of this category; null: see product_category_id.';
comment on column public.rating_aspects.product_category_id is
'Only for products of this category; null in both columns: for all reviews.';
comment on column public.rating_aspects.key is
'How sub_ratings call it: a lower-case word of at most 40 characters.';
comment on column public.rating_aspects.name is 'How people read it, at most 100 characters.';
comment on column public.rating_aspects.position is 'Order by it.';

create view public.rating_summaries
with (security_invoker = true)
as
select
    figures.business_id,
    figures.subject,
    figures.subject_id,
    nullif(figures.aspect, '') as aspect,
    figures.rating_count,
    round(figures.rating_sum::numeric / figures.rating_count, 2) as average,
    reviews.score(figures.rating_count, figures.rating_sum) as score,
    jsonb_build_object(
        '1', figures.one_count,
        '2', figures.two_count,
        '3', figures.three_count,
        '4', figures.four_count,
        '5', figures.five_count
    ) as histogram
from (
    select
        rating_counts.*,
        rating_counts.one_count + rating_counts.two_count + rating_counts.three_count
        + rating_counts.four_count + rating_counts.five_count as rating_count,
        rating_counts.one_count + 2 * rating_counts.two_count + 3 * rating_counts.three_count
        + 4 * rating_counts.four_count + 5 * rating_counts.five_count as rating_sum
    from reviews.rating_counts
) as figures
where figures.rating_count > 0;
grant select on public.rating_summaries to anon, authenticated, service_role;

comment on view public.rating_summaries is
'The ratings of businesses, services, staff and products: exactly what a count of their published '
'reviews would say. A subject without reviews has no row.';
comment on column public.rating_summaries.business_id is 'The business.';
comment on column public.rating_summaries.subject is 'business, service, resource or product.';
comment on column public.rating_summaries.subject_id is
'The business itself, or its service, staff member or product.';
comment on column public.rating_summaries.aspect is
'The key of an aspect; null for the rating as a whole.';
comment on column public.rating_summaries.rating_count is 'How many reviews rated it.';
comment on column public.rating_summaries.average is '1 to 5, with two decimals.';
comment on column public.rating_summaries.score is
'The average as if reviews.settings.prior_count reviews (5) with prior_rating (3.5) had come '
'before. Rank by it: few reviews move it little.';
comment on column public.rating_summaries.histogram is
'How many reviews gave each rating: {"1": 0, "2": 1, "3": 0, "4": 7, "5": 30}.';
