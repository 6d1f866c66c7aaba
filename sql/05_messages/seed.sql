-- The queues, which topics go to which actor, and what is emitted again and again.
insert into private.queues (name, purpose)
values
('notifications', 'Events that people must be notified of'),
('reminders', 'Reminders, each waiting for its time'),
('mail', 'Mails to send'),
('sms', 'SMS to send'),
('push', 'Push messages to send'),
('calendars', 'Imported calendars to read'),
('media', 'Uploaded files to look into, and files to delete'),
('payments', 'Payments and refunds to ask providers for, and their events to apply'),
('memberships', 'Memberships to renew, charge and end, and points that expire'),
('documents', 'Receipts and invoices to draw, tax numbers to check'),
('meaning', 'Changed products, services and businesses whose meaning is to be written'),
('housekeeping', 'Expired holds, requests and orders to write down, old data to delete')
on conflict (name) do update set purpose = excluded.purpose;

insert into private.routes (topic, queue, actor)
values
('booking.%', 'notifications', 'notify'),
('reminder.%', 'reminders', 'notify'),
('offer.%', 'notifications', 'notify'),
('waitlist.offered', 'notifications', 'notify'),
('order.%', 'notifications', 'notify'),
('wholesale.%', 'notifications', 'notify'),
('product_change.%', 'notifications', 'notify'),
('order_request.%', 'notifications', 'notify'),
('stock.low', 'notifications', 'notify'),
('wishlist.in_stock', 'notifications', 'notify'),
('waitlist.freed', 'housekeeping', 'offer_freed_time'),
('auth.mail', 'mail', 'send_account_message'),
('auth.sms', 'sms', 'send_account_message'),
('calendar.import_requested', 'calendars', 'import_calendar'),
('tick.calendars', 'calendars', 'request_due_imports'),
('media.uploaded', 'media', 'process_medium'),
('tick.media', 'media', 'collect_garbage'),
('tick.payments', 'payments', 'sweep_payments'),
('tick.reconciliation', 'payments', 'reconcile'),
('membership.%', 'notifications', 'notify'),
('gift.%', 'notifications', 'notify'),
('gift_card.%', 'notifications', 'notify'),
('tick.gift_cards', 'payments', 'sweep_gift_cards'),
('tick.memberships', 'memberships', 'renew_memberships'),
('points.%', 'notifications', 'notify'),
('tick.points', 'memberships', 'tell_of_expiring_points'),
('document.issued', 'documents', 'draw_document'),
('tax_number.written', 'documents', 'check_tax_number'),
('tick.transitions', 'housekeeping', 'apply_due_transitions'),
('tick.transitions', 'housekeeping', 'apply_due_order_steps'),
('tick.ledger', 'housekeeping', 'write_checkpoints'),
('ledger.page_filled', 'housekeeping', 'write_checkpoints'),
('secrets.rotation_requested', 'housekeeping', 'rotate_secrets'),
('tick.forget', 'housekeeping', 'forget_what_is_old'),
('tick.storage', 'housekeeping', 'collect_leftovers')
on conflict do nothing;

insert into private.schedules (name, topic, every)
values
('transitions', 'tick.transitions', '5 seconds'),
('ledger', 'tick.ledger', '5 minutes'),
('calendars', 'tick.calendars', '15 minutes'),
('forget', 'tick.forget', '1 hour'),
('media', 'tick.media', '1 hour'),
('storage', 'tick.storage', '1 minute'),
('payments', 'tick.payments', '1 minute'),
('memberships', 'tick.memberships', '1 minute'),
('points', 'tick.points', '1 hour'),
('gift_cards', 'tick.gift_cards', '1 hour'),
('reconciliation', 'tick.reconciliation', '15 minutes')
on conflict (name) do update set topic = excluded.topic;
