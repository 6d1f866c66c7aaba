-- How members rest, cancel and choose their card.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.pause_membership(
    membership_id public.identifier,
    until public.instant default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.pause(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_instant(until, 'until', is_required => false)
        )
    );
end;
comment on function public.pause_membership is
'Pause a membership from now on.

For the member, and members of the business who serve. What is left of the period follows the '
'pause, to the second, and nothing is charged meanwhile. Returns the membership.

- until: from an hour to 366 days ahead; by default until resume_membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.resume_membership(membership_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.resume(private.to_identifier(membership_id, 'membership_id'))
    );
end;
comment on function public.resume_membership is
'Resume a paused membership now.

For the member, and members of the business who serve. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.skip_membership_period(membership_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.skip(private.to_identifier(membership_id, 'membership_id'))
    );
end;
comment on function public.skip_membership_period is
'Skip the next period of a membership.

For the member, and members of the business who serve. The membership rests from the end of this '
'period to the end of the next one, which is not charged. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.cancel_membership(
    membership_id public.identifier,
    at_period_end public.yes_no default 'true',
    reason text default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.cancel(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_yes_no(at_period_end, 'at_period_end'),
            private.to_text(reason, 'reason', 500)
        )
    );
end;
comment on function public.cancel_membership is
'Cancel a membership.

For the member, and members of the business who serve. Until its end keep_membership takes it '
'back. Nothing is given back by itself; an invoice that is not paid is taken back. Returns the '
'membership.

- at_period_end: whether it lasts as long as it is paid; otherwise it ends now.
- reason: at most 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.keep_membership(membership_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.keep(private.to_identifier(membership_id, 'membership_id'))
    );
end;
comment on function public.keep_membership is
'Keep a membership that was cancelled to the end of its period.

For the member, and members of the business who serve. It renews again. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition · PT422 method_expired
 */
create function public.set_membership_method(
    membership_id public.identifier,
    payment_method_id public.identifier default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.set_method(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_identifier(
                payment_method_id, 'payment_method_id', is_required => false
            )
        )
    );
end;
comment on function public.set_membership_method is
'Let another saved card pay the renewals of a membership.

For the member; members of the business who serve can remove the card. What is owed is charged '
'to the new card at once. Returns the membership.

- payment_method_id: a saved card of the caller; empty: none, and each period is paid with '
'start_payment.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409, method_expired 422.';

grant execute on function
public.pause_membership(public.identifier, public.instant),
public.resume_membership(public.identifier),
public.skip_membership_period(public.identifier),
public.cancel_membership(public.identifier, public.yes_no, text),
public.keep_membership(public.identifier),
public.set_membership_method(public.identifier, public.identifier)
to anon, authenticated, service_role;
