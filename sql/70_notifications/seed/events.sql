-- What is told, about what, to whom, and on which channels. The texts are in the files of templates
-- beside this one. The domain of a subject registers it; two subjects are of this domain.

insert into private.subjects (
    name, description, id_key, data_function, readers_function
)
values
(
    'offer', 'An offer of a business to its customers', 'business_id',
    'engagement.offer_data', 'engagement.offer_readers'
),
(
    'account', 'A user''s account: codes, links, and what has changed', 'user_id',
    'engagement.account_data', null
)
on conflict (name) do update set
    description = excluded.description,
    id_key = excluded.id_key,
    data_function = excluded.data_function,
    readers_function = excluded.readers_function;

insert into engagement.variables (subject, name, type, description)
values
('booking', 'customer_name', 'text', 'Name of the customer'),
('booking', 'business_name', 'text', 'Name of the business'),
('booking', 'business_phone', 'text', 'The business''s phone number'),
('booking', 'address', 'text', 'Address of the business'),
('booking', 'service_names', 'text', 'Names of the booked services'),
('booking', 'staff_names', 'text', 'Names of the staff'),
('booking', 'reference', 'text', 'Reference of the booking'),
('booking', 'starts_at', 'instant', 'Start'),
('booking', 'ends_at', 'instant', 'End'),
('booking', 'previous_starts_at', 'instant', 'Start before the move'),
('booking', 'total', 'money', 'Total price'),
('booking', 'fee', 'money', 'Fee for cancelling, a late move or a no-show; empty if there is none'),
('booking', 'cancelled_service', 'text', 'Name of the cancelled service, if others remain'),
('booking', 'party_size', 'whole_number', 'Number of guests'),
('booking', 'reason', 'text', 'Reason for rejecting, cancelling or moving it; may be empty'),
('waitlist', 'customer_name', 'text', 'Name of the customer'),
('waitlist', 'business_name', 'text', 'Name of the business'),
('waitlist', 'service_names', 'text', 'Name of the service'),
('waitlist', 'staff_names', 'text', 'Names of the staff'),
('waitlist', 'starts_at', 'instant', 'Start'),
('waitlist', 'expires_at', 'instant', 'When the offer expires'),
('waitlist', 'total', 'money', 'Total price'),
('order', 'customer_name', 'text', 'Name of the customer'),
('order', 'business_name', 'text', 'Name of the business'),
('order', 'business_phone', 'text', 'The business''s phone number'),
('order', 'reference', 'text', 'Reference of the order'),
('order', 'item_names', 'text', 'What was ordered: quantities and names'),
('order', 'total', 'money', 'What the order costs now'),
('order', 'tracking', 'text', 'How the latest shipment is followed; may be empty'),
('order', 'reason', 'text', 'Reason of a cancellation or a return; may be empty'),
('membership', 'customer_name', 'text', 'Name of the member'),
('membership', 'business_name', 'text', 'Name of the business'),
('membership', 'plan_name', 'text', 'Name of the plan'),
('membership', 'price', 'money', 'Price of a period'),
('membership', 'new_price', 'money', 'The price that is announced; empty if none is'),
('membership', 'paid_until', 'instant', 'Until when it is paid'),
('membership', 'due_until', 'instant', 'Until when it can be paid'),
('membership', 'at', 'instant', 'When the new price applies, or the next attempt is made'),
('points', 'business_name', 'text', 'Name of the business'),
('points', 'customer_name', 'text', 'Name of the reader'),
('points', 'program_name', 'text', 'Name of the program'),
('points', 'points', 'whole_number', 'How many points expire'),
('points', 'expires_at', 'instant', 'When they expire'),
('gift', 'business_name', 'text', 'Name of the business'),
('gift', 'plan_name', 'text', 'Name of the plan'),
('gift', 'buyer_name', 'text', 'Who bought it'),
('gift', 'message', 'text', 'What the buyer wrote; may be empty'),
('gift', 'expires_at', 'instant', 'Until when it can be redeemed'),
('gift_card', 'business_name', 'text', 'Name of the business that sold it'),
('gift_card', 'code_end', 'text', 'The last four characters of its code'),
('gift_card', 'balance', 'money', 'What is left on it'),
('gift_card', 'expires_at', 'instant', 'Until when it can be spent'),
('offer', 'business_name', 'text', 'Name of the business'),
('offer', 'customer_name', 'text', 'Name of the reader'),
('offer', 'title', 'text', 'Title of the offer'),
('offer', 'body', 'text', 'Text of the offer'),
('account', 'code', 'text', 'The code to enter'),
('account', 'link', 'text', 'The link to follow'),
('account', 'minutes', 'whole_number', 'Minutes for which both are valid'),
('account', 'at', 'instant', 'When it happened'),
('account', 'ip', 'text', 'Network address'),
('account', 'agent', 'text', 'Program'),
('account', 'business_name', 'text', 'Name of the business'),
('account', 'service_names', 'text', 'Names of the booked services'),
('account', 'starts_at', 'instant', 'Start'),
('account', 'reference', 'text', 'Reference of the booking'),
('account', 'card', 'text', 'Brand and last digits of a saved card'),
('account', 'month', 'text', 'The last month of a saved card'),
('account', 'bank_account', 'text', 'The last digits of a bank account')
on conflict (subject, name) do update
    set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, condition
)
values
('booking.requested', 'booking', 'A booking waits for confirmation', false, false, null),
('booking.confirmed', 'booking', 'A booking is confirmed', true, false, null),
('booking.rejected', 'booking', 'The business rejects a request', true, false, null),
('booking.cancelled', 'booking', 'A booking was cancelled', true, false, null),
('booking.item_cancelled', 'booking', 'One of several services was cancelled', true, false, null),
('booking.moved', 'booking', 'A booking was moved', true, false, null),
('booking.reassigned', 'booking', 'Another person provides the service', false, false, null),
(
    'booking.expired', 'booking', 'A request expired, because nobody confirmed it in time',
    false, false, null
),
(
    'booking.paid_too_late', 'booking', 'A payment came when the time was gone, and is refunded',
    true, false, null
),
(
    'booking.arrived', 'booking', 'The professional has arrived at the customer''s',
    true, false, 'confirmed'
),
('booking.no_show', 'booking', 'The customer did not come', false, false, null),
(
    'booking.completed', 'booking', 'The service was given; the message asks for a review',
    false, false, null
),
('reminder.day', 'booking', 'A booking begins in 24 hours', false, false, 'confirmed'),
('reminder.hour', 'booking', 'A booking begins in an hour', false, false, 'confirmed'),
('auth.signup', 'account', 'A user must confirm an address or a number', true, false, null),
('auth.invite', 'account', 'A user is invited', true, false, null),
('auth.magiclink', 'account', 'Somebody signs in by mail', true, false, null),
('auth.recovery', 'account', 'Somebody has forgotten their password', true, false, null),
('auth.email_change', 'account', 'A user changes their address', true, false, null),
(
    'auth.reauthentication', 'account', 'Somebody is about to change their password',
    true, false, null
),
('auth.guest_booking', 'account', 'Somebody books, moves or cancels as a guest', true, false, null),
('auth.sms', 'account', 'Somebody signs in by SMS', true, false, null),
('auth.phone_change', 'account', 'A user changes their number', true, false, null),
('auth.password_changed', 'account', 'A password was changed', true, false, null),
('auth.email_changed', 'account', 'An address was changed', true, false, null),
('auth.phone_changed', 'account', 'A number was changed', true, false, null),
('auth.new_sign_in', 'account', 'Somebody signed in from somewhere new', true, false, null),
('auth.factor_added', 'account', 'A second factor was added', true, false, null),
('auth.factor_removed', 'account', 'A second factor was removed', true, false, null),
('auth.passkey_added', 'account', 'A passkey was added', true, false, null),
('auth.passkey_removed', 'account', 'A passkey was removed', true, false, null),
('auth.recovery_codes_made', 'account', 'Recovery codes were created', true, false, null),
('auth.recovery_code_used', 'account', 'A recovery code was used', true, false, null),
('auth.identity_linked', 'account', 'Another way to sign in was added', true, false, null),
('auth.card_expiring', 'account', 'A saved card expires soon', true, false, null),
(
    'auth.bank_account_changed', 'account', 'Somebody set the bank account of a business', true,
    false, null
),
('waitlist.offered', 'waitlist', 'A time became free for a waitlist entry', true, false, 'offered'),
('offer.made', 'offer', 'A business sends an offer', false, true, null),
('order.placed', 'order', 'An order was placed', false, false, null),
('order.paid', 'order', 'An order is paid', true, false, null),
('order.part_shipped', 'order', 'A part of an order was sent', false, false, null),
('order.shipped', 'order', 'An order was sent', false, false, null),
('order.delivered', 'order', 'An order arrived', false, false, null),
('order.cancelled', 'order', 'An order was cancelled', true, false, null),
('order.lines_cancelled', 'order', 'A part of an order was cancelled', true, false, null),
('order.expired', 'order', 'An order expired, because nobody paid it in time', false, false, null),
(
    'order.paid_too_late', 'order', 'A payment came when its order was over, and is refunded',
    true, false, null
),
('order.shipment_lost', 'order', 'A shipment was lost', false, false, null),
(
    'order.return_requested', 'order', 'Somebody wants to return what was ordered',
    false, false, null
),
('order.return_approved', 'order', 'A return is approved', true, false, null),
('order.return_rejected', 'order', 'A return is rejected', true, false, null),
('order.refunded', 'order', 'Something was given back for an order', true, false, null),
('membership.joined', 'membership', 'Somebody became a member', true, false, null),
('membership.renewing', 'membership', 'A membership renews in a few days', true, false, null),
(
    'membership.invoiced', 'membership', 'A period without a saved card is to be paid',
    true, false, null
),
('membership.payment_failed', 'membership', 'A charge for a period failed', true, false, null),
('membership.price_changing', 'membership', 'A new price is announced', true, false, null),
('membership.cancelled', 'membership', 'A membership was cancelled', true, false, null),
('membership.ended', 'membership', 'A membership has ended', true, false, null),
('membership.restored', 'membership', 'A late payment restored a membership', true, false, null),
('gift.paid', 'gift', 'Somebody was given a plan', true, false, null),
('points.expiring', 'points', 'Points expire soon', false, false, null),
('gift_card.expiring', 'gift_card', 'A gift card with money on it expires soon', true, false, null)
on conflict (name) do update
    set
        description = excluded.description,
        is_mandatory = excluded.is_mandatory,
        is_marketing = excluded.is_marketing,
        condition = excluded.condition;

insert into engagement.reminder_kinds (event, before)
values
('reminder.day', '24 hours'),
('reminder.hour', '1 hour')
on conflict (event) do nothing;

insert into engagement.notices (event, audience, channels)
values
('booking.requested', 'customer', '{mail,in_app}'),
('booking.requested', 'business', '{mail,push,in_app}'),
('booking.confirmed', 'customer', '{mail,push,in_app}'),
('booking.confirmed', 'business', '{mail,in_app}'),
('booking.confirmed', 'staff', '{push,in_app}'),
('booking.rejected', 'customer', '{mail,push,in_app}'),
('booking.cancelled', 'customer', '{mail,push,in_app}'),
('booking.cancelled', 'business', '{mail,in_app}'),
('booking.cancelled', 'staff', '{push,in_app}'),
('booking.item_cancelled', 'customer', '{mail,in_app}'),
('booking.item_cancelled', 'business', '{mail,in_app}'),
('booking.item_cancelled', 'staff', '{push,in_app}'),
('booking.moved', 'customer', '{mail,push,in_app}'),
('booking.moved', 'business', '{mail,in_app}'),
('booking.moved', 'staff', '{push,in_app}'),
('booking.reassigned', 'customer', '{mail,in_app}'),
('booking.reassigned', 'staff', '{push,in_app}'),
('booking.expired', 'customer', '{mail,in_app}'),
('booking.paid_too_late', 'customer', '{mail,push,in_app}'),
('booking.arrived', 'customer', '{sms,push}'),
('booking.no_show', 'customer', '{mail,in_app}'),
('booking.completed', 'customer', '{mail,in_app}'),
('reminder.day', 'customer', '{mail,push}'),
('reminder.hour', 'customer', '{sms,push}'),
('reminder.hour', 'staff', '{push}'),
('waitlist.offered', 'customer', '{mail,push,in_app}'),
('offer.made', 'customer', '{mail,in_app}'),
('order.placed', 'customer', '{mail,in_app}'),
('order.placed', 'business', '{mail,push,in_app}'),
('order.paid', 'customer', '{mail,in_app}'),
('order.paid', 'business', '{in_app}'),
('order.part_shipped', 'customer', '{mail,push,in_app}'),
('order.shipped', 'customer', '{mail,push,in_app}'),
('order.delivered', 'customer', '{mail,in_app}'),
('order.cancelled', 'customer', '{mail,push,in_app}'),
('order.cancelled', 'business', '{mail,in_app}'),
('order.lines_cancelled', 'customer', '{mail,push,in_app}'),
('order.lines_cancelled', 'business', '{mail,in_app}'),
('order.expired', 'customer', '{mail,in_app}'),
('order.expired', 'business', '{in_app}'),
('order.paid_too_late', 'customer', '{mail,push,in_app}'),
('order.shipment_lost', 'customer', '{mail,in_app}'),
('order.shipment_lost', 'business', '{in_app}'),
('order.return_requested', 'customer', '{mail,in_app}'),
('order.return_requested', 'business', '{mail,in_app}'),
('order.return_approved', 'customer', '{mail,push,in_app}'),
('order.return_rejected', 'customer', '{mail,push,in_app}'),
('order.refunded', 'customer', '{mail,in_app}'),
('membership.joined', 'customer', '{mail,in_app}'),
('membership.joined', 'business', '{in_app}'),
('membership.renewing', 'customer', '{mail,in_app}'),
('membership.invoiced', 'customer', '{mail,push,in_app}'),
('membership.payment_failed', 'customer', '{mail,push,in_app}'),
('membership.price_changing', 'customer', '{mail,in_app}'),
('membership.cancelled', 'customer', '{mail,in_app}'),
('membership.cancelled', 'business', '{in_app}'),
('membership.ended', 'customer', '{mail,in_app}'),
('membership.restored', 'customer', '{mail,in_app}'),
('gift.paid', 'customer', '{mail}'),
('points.expiring', 'customer', '{mail,in_app}'),
('gift_card.expiring', 'customer', '{mail}'),
('auth.signup', 'customer', '{mail}'),
('auth.invite', 'customer', '{mail}'),
('auth.magiclink', 'customer', '{mail}'),
('auth.recovery', 'customer', '{mail}'),
('auth.email_change', 'customer', '{mail}'),
('auth.reauthentication', 'customer', '{mail,sms}'),
('auth.guest_booking', 'customer', '{mail}'),
('auth.sms', 'customer', '{sms}'),
('auth.phone_change', 'customer', '{sms}'),
('auth.password_changed', 'customer', '{mail}'),
('auth.email_changed', 'customer', '{mail}'),
('auth.phone_changed', 'customer', '{mail}'),
('auth.new_sign_in', 'customer', '{mail}'),
('auth.factor_added', 'customer', '{mail}'),
('auth.factor_removed', 'customer', '{mail}'),
('auth.passkey_added', 'customer', '{mail}'),
('auth.passkey_removed', 'customer', '{mail}'),
('auth.recovery_codes_made', 'customer', '{mail}'),
('auth.recovery_code_used', 'customer', '{mail}'),
('auth.identity_linked', 'customer', '{mail}'),
('auth.card_expiring', 'customer', '{mail}'),
('auth.bank_account_changed', 'customer', '{mail}')
on conflict (event, audience) do nothing;
