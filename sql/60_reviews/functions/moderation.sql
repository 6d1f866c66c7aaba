-- Moderation: what the platform's staff decide about reviews, what others report, and what the
-- business replies. Nobody but staff changes who reads a review, and the business least of all.

/*
 * Decide about a review as a moderator: staff of the platform, or the operator. A decision that
 * was made already changes nothing. Returns the id of the review.
 * Definer: clients have no write privileges on reviews; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function reviews.decide(review_id uuid, decision reviews.review_status, reason text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    if not private.is_operator() then
        perform private.require_platform_staff('support');
    end if;
    select reviews.* into v_review
    from reviews.reviews
    where reviews.id = decide.review_id
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review.', 'Check the id in the view reviews.'
        );
    end if;
    if decision <> 'published' and reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    if v_review.status = decision then
        return v_review.id;
    end if;
    perform reviews.refuse_decision(v_review.status, decision);
    update reviews.reviews
    set
        status = decision,
        status_reason = case when decision <> 'published' then decide.reason end
    where reviews.id = v_review.id;
    update reviews.review_reports
    set settled_at = private.now()
    where
        review_reports.business_id = v_review.business_id
        and review_reports.review_id = v_review.id
        and review_reports.settled_at is null;
    return v_review.id;
end;
$$;

/*
 * Refuse a decision that does not exist for a review with a status.
 *
 * Errors:  PT409 invalid_transition
 */
create function reviews.refuse_decision(
    from_status reviews.review_status, decision reviews.review_status
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_decisions constant reviews.review_status[] = array(
        select review_transitions.to_status
        from reviews.review_transitions
        where
            review_transitions.from_status = refuse_decision.from_status
            and review_transitions.is_decision
        order by review_transitions.to_status
    );
begin
    if decision <> all(v_decisions) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s cannot become %s.', from_status, decision),
            format('It can become %s.', array_to_string(v_decisions, ' or '))
        );
    end if;
end;
$$;

/*
 * Report a published review, once for each person. Enough reports flag it for the moderators.
 * Definer: clients have no write privileges on reviews.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function reviews.report(review_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.current_user_id();
    v_review reviews.reviews;
begin
    select reviews.* into v_review
    from reviews.reviews
    where reviews.id = report.review_id and reviews.status in ('published', 'flagged')
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review.',
            'Check the id in the view business_reviews.'
        );
    end if;
    if v_review.author_id = v_user_id then
        perform private.refuse(
            'PT403', 'forbidden', 'Nobody can report their own review.', 'Delete the review.'
        );
    end if;
    insert into reviews.review_reports (
        business_id, review_id, reporter_id, is_member, reason, at
    )
    values (
        v_review.business_id, v_review.id, v_user_id,
        v_review.business_id in (select private.my_businesses('view')), report.reason, private.now()
    )
    on conflict do nothing;
    perform reviews.flag_if_reported(v_review);
end;
$$;

/*
 * Flag a published review that enough people reported since a moderator last decided about it.
 */
create function reviews.flag_if_reported(review reviews.reviews)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_people integer;
begin
    select
        count(*) filter (where not review_reports.is_member)
        + coalesce(bool_or(review_reports.is_member), false)::integer
    into v_people
    from reviews.review_reports
    where
        review_reports.business_id = review.business_id
        and review_reports.review_id = review.id
        and review_reports.settled_at is null;
    update reviews.reviews
    set
        status = 'flagged',
        status_reason = format('Reported by %s people', v_people)
    from reviews.settings
    where
        reviews.id = review.id
        and reviews.status = 'published'
        and settings.reports_to_flag <= v_people;
end;
$$;

/*
 * Reply to a review for the reviewed business, once; null takes the reply back. Returns the id of
 * the review.
 * Definer: as reviews.report; the caller must manage the business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_replied invalid_transition
 */
create function reviews.reply(review_id uuid, body text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_review constant reviews.reviews = reviews.lock_review_to_reply(review_id);
begin
    if v_review.reply is not null and reply.body is not null then
        perform private.refuse(
            'PT409', 'already_replied', 'The business has replied to this review already.',
            'Take the reply back with withdraw_reply first.'
        );
    end if;
    if v_review.status <> 'published' and reply.body is not null then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A review that is %s gets no reply.', v_review.status),
            'Reply when it is published.'
        );
    end if;
    update reviews.reviews
    set
        reply = reply.body,
        replied_by = case when reply.body is not null then auth.uid() end,
        replied_at = case when reply.body is not null then private.now() end
    where reviews.id = reply.review_id;
    return review_id;
end;
$$;

/*
 * Lock a review of a business that the caller manages, and return it. A review that the caller
 * cannot see and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function reviews.lock_review_to_reply(review_id uuid)
returns reviews.reviews
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_review reviews.reviews;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select reviews.* into v_review
    from reviews.reviews
    where
        reviews.id = lock_review_to_reply.review_id
        and (
            reviews.status = 'published'
            or private.is_operator()
            or reviews.business_id in (select private.seen_businesses())
        )
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such review.', 'Check the id in the view reviews.'
        );
    end if;
    perform private.require_member(v_review.business_id, 'manage');
    return v_review;
end;
$$;
