-- Reviews as their authors, the reviewed businesses and moderators see them, and the functions by
-- which they act.

create view public.reviews
with (security_invoker = true)
as
select
    reviews.id,
    reviews.business_id,
    case
        when
            (select private.is_operator())
            or reviews.id = any(array(select private.my_reviews()))
            or reviews.business_id = any(array(select private.seen_businesses()))
            then reviews.booking_id
    end as booking_id,
    case
        when
            (select private.is_operator())
            or reviews.id = any(array(select private.my_reviews()))
            or reviews.business_id = any(array(select private.seen_businesses()))
            then reviews.sale_line_id
    end as sale_line_id,
    reviews.product_id,
    reviews.service_ids,
    reviews.resource_ids,
    reviews.author_name,
    reviews.id = any(array(select private.my_reviews())) as is_mine,
    reviews.rating,
    reviews.sub_ratings,
    reviews.body,
    reviews.locale,
    reviews.status,
    reviews.status_reason,
    reviews.version,
    reviews.created_at,
    reviews.published_at,
    reviews.edited_at,
    reviews.reply,
    reviews.replied_at
from reviews.reviews;
grant select on public.reviews to anon;
grant select, delete on public.reviews to authenticated, service_role;

comment on view public.reviews is
'Reviews: published ones for everybody, and in any status your own, those of your business, and '
'all for staff of the platform. Authors delete theirs; the public list is business_reviews.';
comment on column public.reviews.id is 'Key.';
comment on column public.reviews.business_id is 'The reviewed business.';
comment on column public.reviews.booking_id is
'The reviewed booking; null for a product. Only the author, the business and staff see it.';
comment on column public.reviews.sale_line_id is
'The line of the sale of a reviewed product; null otherwise, as booking_id is.';
comment on column public.reviews.product_id is 'The reviewed product; null for a booking.';
comment on column public.reviews.service_ids is 'The services of the booking.';
comment on column public.reviews.resource_ids is 'The staff who gave them.';
comment on column public.reviews.author_name is
'The display name of the author; null when none is known. Nothing else names the author.';
comment on column public.reviews.is_mine is 'Whether the caller wrote it.';
comment on column public.reviews.rating is '1 to 5.';
comment on column public.reviews.sub_ratings is
'1 to 5 by the keys of rating_aspects, such as {"cleanliness": 5}.';
comment on column public.reviews.body is 'Plain text of at most 5000 characters, or null.';
comment on column public.reviews.locale is 'The language of the text, such as en or de-AT.';
comment on column public.reviews.status is
'pending, published, rejected, flagged or hidden. Only published reviews are public and counted.';
comment on column public.reviews.status_reason is
'Why it was rejected, flagged or hidden; null otherwise.';
comment on column public.reviews.version is '1, and one more for each edit.';
comment on column public.reviews.created_at is 'When it was written.';
comment on column public.reviews.published_at is
'When it was public for the first time; null until then.';
comment on column public.reviews.edited_at is 'When it was last edited; null for never.';
comment on column public.reviews.reply is 'The reply of the business, or null.';
comment on column public.reviews.replied_at is 'When it was written.';

/*
 * Return a review as the caller sees it.
 */
create function reviews.shown(review_id uuid)
returns public.reviews
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_shown public.reviews;
begin
    select shown.* into v_shown
    from public.reviews as shown
    where shown.id = $1;
    return v_shown;
end;
$$;
grant execute on function reviews.shown(uuid) to anon, authenticated, service_role;
