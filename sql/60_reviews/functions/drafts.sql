-- What an author writes, read from the arguments of the API, and how an author is shown.

/*
 * Read what an author writes. With `is_whole`, the rating is required; without, what is left out
 * stays as it was.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.to_draft(
    rating text,
    body text,
    sub_ratings text,
    locale text,
    display_name text,
    is_whole boolean default true
)
returns reviews.draft
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_draft reviews.draft;
begin
    v_draft.rating = private.to_whole_number(rating, 'rating', 1, 5, is_required => is_whole);
    v_draft.body = private.to_text(body, 'body', 5000);
    v_draft.locale = private.to_text(locale, 'locale', 35);
    v_draft.display_name = private.to_text(display_name, 'display_name', 80);
    if not private.is_one_line(coalesce(v_draft.display_name, '')) then
        perform private.invalid('display_name', 'must be one line');
    end if;
    if sub_ratings is not null or is_whole then
        v_draft.sub_ratings = private.to_object(sub_ratings, 'sub_ratings');
    end if;
    if not reviews.sub_ratings_are_valid(v_draft.sub_ratings) then
        perform private.invalid(
            'sub_ratings', 'must map at most 20 keys of rating_aspects to whole numbers from 1 to 5'
        );
    end if;
    return v_draft;
end;
$$;

/*
 * Return how a person is shown beside a review: the first name and the initial of the last one.
 * Null when nothing is known but an address.
 */
create function reviews.display_name(full_name text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_words constant text[] = regexp_split_to_array(btrim(full_name), '\s+');
begin
    if full_name ~ '@' or coalesce(v_words[1], '') = '' then
        return null;
    end if;
    return left(v_words[1], 76)
    || coalesce(' ' || left(v_words[nullif(cardinality(v_words), 1)], 1) || '.', '');
end;
$$;

/*
 * Refuse sub-ratings of aspects that the business does not let rate for these services or this
 * product.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.refuse_unknown_aspects(review reviews.reviews)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unknown text;
begin
    select rated.key into v_unknown
    from jsonb_object_keys(review.sub_ratings) as rated (key)
    where rated.key not in (
        select rating_aspects.key
        from reviews.rating_aspects
        where
            rating_aspects.business_id = review.business_id
            and (
                num_nonnulls(rating_aspects.service_category_id, rating_aspects.product_category_id) = 0
                or exists (
                    select 1 from catalog.services
                    where
                        services.id = any(review.service_ids)
                        and services.category_id = rating_aspects.service_category_id
                )
                or exists (
                    select 1 from catalog.products
                    where
                        products.id = review.product_id
                        and products.category_id = rating_aspects.product_category_id
                )
            )
    )
    limit 1;
    if found then
        perform private.invalid(
            format('sub_ratings.%s', v_unknown), 'is no key of rating_aspects that apply'
        );
    end if;
end;
$$;
