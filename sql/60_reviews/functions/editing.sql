-- How authors edit their reviews, and add photos to them. An edit within the window keeps the
-- earlier text as a version. Where moderators publish, a new text or photo waits for them again.

/*
 * Edit a review of the caller; what the draft leaves out stays. Returns the id of the review.
 * Definer: clients have no write privileges on reviews; the review must be the caller's.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 invalid_transition · PT422 edit_window_over
 */
create function reviews.edit_review(review_id uuid, draft reviews.draft)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_old constant reviews.reviews = reviews.lock_own_review(review_id);
    v_new reviews.reviews = v_old;
begin
    perform reviews.refuse_late_edit(v_old);
    v_new.rating = coalesce(draft.rating, v_old.rating);
    v_new.sub_ratings = coalesce(draft.sub_ratings, v_old.sub_ratings);
    v_new.body = coalesce(draft.body, v_old.body);
    v_new.locale = coalesce(draft.locale, v_old.locale);
    v_new.author_name = coalesce(draft.display_name, v_old.author_name);
    perform reviews.refuse_unknown_aspects(v_new);
    if v_new is not distinct from v_old then
        return review_id;
    end if;
    insert into reviews.review_versions (
        business_id, review_id, version, rating, sub_ratings, body, locale, at
    )
    values (
        v_old.business_id, v_old.id, v_old.version, v_old.rating, v_old.sub_ratings, v_old.body,
        v_old.locale, private.now()
    );
    update reviews.reviews
    set
        rating = v_new.rating,
        sub_ratings = v_new.sub_ratings,
        body = v_new.body,
        locale = v_new.locale,
        author_name = v_new.author_name,
        status = reviews.status_of_text(v_old),
        status_reason = null,
        version = reviews.version + 1,
        edited_at = private.now()
    where reviews.id = review_id;
    return review_id;
end;
$$;

/*
 * Lock a review of the caller and return it.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function reviews.lock_own_review(review_id uuid)
returns reviews.reviews
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    select reviews.* into v_review
    from reviews.reviews
    where reviews.id = review_id and reviews.author_id = private.current_user_id()
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review of yours.',
            'Check the id in the view reviews.'
        );
    end if;
    return v_review;
end;
$$;

/*
 * Refuse to edit a review that a moderator took down, or after the window of the settings.
 *
 * Errors:  PT409 invalid_transition · PT422 edit_window_over
 */
create function reviews.refuse_late_edit(review reviews.reviews)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if review.status in ('flagged', 'hidden') then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s cannot be edited.', review.status),
            'Wait for a moderator, or delete the review.'
        );
    end if;
    if review.created_at + make_interval(days => (select settings.edit_days from reviews.settings))
        < private.now() then
        perform private.refuse(
            'PT422', 'edit_window_over', 'This review is too old to be edited.',
            'Leave it as it is, or delete it.'
        );
    end if;
end;
$$;

/*
 * Return the place of the photos of a review: its author's.
 * Definer: another author's review and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function reviews.place_of_review(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_place files.place;
begin
    select reviews.author_id into v_place.owner_id
    from reviews.reviews
    where
        reviews.id = subject_id
        and (reviews.author_id = auth.uid() or private.is_operator() and reviews.author_id is not null);
    if not found then
        if not private.is_operator() then
            perform private.token_user_id();
        end if;
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review of yours.', 'Check the id of the subject.'
        );
    end if;
    return v_place;
end;
$$;

/*
 * Add a photo at the end of a review. Where moderators publish, the review waits for them again.
 */
create function reviews.add_photo(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    select reviews.* into strict v_review
    from reviews.reviews
    where reviews.id = medium.subject_id
    for no key update;
    insert into reviews.review_media (media_id, review_id, position)
    select medium.id, v_review.id, coalesce(max(review_media.position), 0) + 1
    from reviews.review_media
    where review_media.review_id = v_review.id;
    if v_review.status = 'published' and reviews.status_of_text(v_review) = 'pending' then
        update reviews.reviews
        set status = 'pending'
        where reviews.id = v_review.id;
    end if;
end;
$$;
