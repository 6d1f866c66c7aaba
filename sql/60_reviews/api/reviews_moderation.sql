-- What moderators and reviewed businesses call, and what is kept of every review.

/*
 * Read a decision of a moderator.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.to_decision(value text)
returns reviews.review_status
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('published', 'rejected', 'flagged', 'hidden') then
        perform private.invalid('decision', 'must be published, rejected, flagged or hidden');
    end if;
    return value::reviews.review_status;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.moderate_review(
    review_id public.identifier, decision text, reason text default null
)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.decide(
            private.to_identifier(review_id, 'review_id'),
            reviews.to_decision(decision),
            private.to_text(reason, 'reason', 1000)
        )
    );
end;
comment on function public.moderate_review is
'Decide about a review. For staff of the platform.

A pending review is published or rejected, a published one flagged or hidden, a flagged one '
'published, rejected or hidden, and a rejected or hidden one published after all. Every decision '
'is kept in review_history and settles the reports. The same decision again changes nothing. '
'Returns the review.

- decision: the status, published, rejected, flagged or hidden.
- reason: at most 1000 characters; required unless it is published.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_replied invalid_transition
 */
create function public.reply_to_review(review_id public.identifier, body text)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.reply(
            private.to_identifier(review_id, 'review_id'),
            private.to_required_text(body, 'body', 5000)
        )
    );
end;
comment on function public.reply_to_review is
'Reply to a published review of your business, once. For owners and managers.

Everybody reads the reply beside the review, and the author is told. Returns the review.

- body: plain text of at most 5000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_replied 409, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.withdraw_reply(review_id public.identifier)
returns public.reviews
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select reviews.shown(
        reviews.reply(private.to_identifier(review_id, 'review_id'), null)
    );
end;
comment on function public.withdraw_reply is
'Take back the reply of your business to a review; it may reply again. For owners and managers.

Returns the review.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
reviews.to_decision(text),
public.moderate_review(public.identifier, text, text),
public.reply_to_review(public.identifier, text),
public.withdraw_reply(public.identifier)
to anon, authenticated, service_role;

create view public.review_history
with (security_invoker = true)
as
select
    review_history.id,
    review_history.business_id,
    review_history.review_id,
    review_history.from_status,
    review_history.to_status,
    review_history.reason,
    review_history.at
from reviews.review_history;
grant select on public.review_history to authenticated, service_role;

comment on view public.review_history is
'Every status of a review and its deletion. Its author reads it, and staff of the platform.';
comment on column public.review_history.id is 'Key; order by it.';
comment on column public.review_history.business_id is 'The reviewed business.';
comment on column public.review_history.review_id is 'The review, which may be deleted.';
comment on column public.review_history.from_status is 'The status before; null for a new review.';
comment on column public.review_history.to_status is 'The status after; null for a deleted review.';
comment on column public.review_history.reason is 'Why, if somebody said so.';
comment on column public.review_history.at is 'When.';

create view public.review_versions
with (security_invoker = true)
as
select
    review_versions.business_id,
    review_versions.review_id,
    review_versions.version,
    review_versions.rating,
    review_versions.sub_ratings,
    review_versions.body,
    review_versions.locale,
    review_versions.at
from reviews.review_versions;
grant select on public.review_versions to authenticated, service_role;

comment on view public.review_versions is
'What reviews said before their authors edited them. The author reads it, and staff of the '
'platform.';
comment on column public.review_versions.business_id is 'The reviewed business.';
comment on column public.review_versions.review_id is 'The review.';
comment on column public.review_versions.version is 'Its version: 1 is the first text.';
comment on column public.review_versions.rating is 'The rating of this version.';
comment on column public.review_versions.sub_ratings is 'The sub-ratings of this version.';
comment on column public.review_versions.body is 'The text of this version.';
comment on column public.review_versions.locale is 'The language of this version.';
comment on column public.review_versions.at is 'When the next version replaced it.';

create view public.review_reports
with (security_invoker = true)
as
select
    review_reports.business_id,
    review_reports.review_id,
    review_reports.is_member,
    review_reports.reason,
    review_reports.at,
    review_reports.settled_at
from reviews.review_reports;
grant select on public.review_reports to authenticated, service_role;

comment on view public.review_reports is
'Reports of reviews: your own, and all for staff of the platform.';
comment on column public.review_reports.business_id is 'The reviewed business.';
comment on column public.review_reports.review_id is 'The review.';
comment on column public.review_reports.is_member is
'Whether the reporter is a member of the reviewed business.';
comment on column public.review_reports.reason is 'Why it should not be public.';
comment on column public.review_reports.at is 'When it was reported.';
comment on column public.review_reports.settled_at is
'When a moderator decided about the review; null until then.';
