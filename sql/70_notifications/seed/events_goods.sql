-- What is told of stock, wishlists and wholesale accounts, to whom, and on which channels. The
-- domain of commerce registers the subjects.

insert into engagement.variables (subject, name, type, description)
values
('wholesale', 'reader_name', 'text', 'Name of the reader'),
('wholesale', 'business_name', 'text', 'Name of the business'),
('wholesale', 'company_name', 'text', 'Name of the company'),
('wholesale', 'tax_number', 'text', 'Tax number of the company'),
('wholesale', 'reason', 'text', 'Why it was rejected or suspended'),
('wholesale', 'order_reference', 'text', 'Reference of the order that is due'),
('wholesale', 'amount', 'money', 'What is still to be paid of it'),
('wholesale', 'due_at', 'instant', 'When it was due'),
('stock', 'business_name', 'text', 'Name of the business'),
('stock', 'product_name', 'text', 'Name of the product'),
('stock', 'sku', 'text', 'SKU of the variant'),
('stock', 'store_name', 'text', 'Name of the store'),
('stock', 'on_hand', 'whole_number', 'How many were left'),
('wishlist', 'customer_name', 'text', 'Name of the reader'),
('wishlist', 'business_name', 'text', 'Name of the business'),
('wishlist', 'product_name', 'text', 'Name of the product')
on conflict (subject, name) do update
    set type = excluded.type, description = excluded.description;

insert into engagement.events (
    name, subject, description, is_mandatory, is_marketing, condition
)
values
('stock.low', 'stock', 'A level fell to its threshold', false, false, null),
('wishlist.in_stock', 'wishlist', 'What somebody waits for is in stock', false, false, null),
('wholesale.requested', 'wholesale', 'A company asks for wholesale', true, false, null),
('wholesale.approved', 'wholesale', 'A wholesale account is approved', true, false, null),
('wholesale.rejected', 'wholesale', 'A wholesale request is rejected', true, false, null),
('wholesale.suspended', 'wholesale', 'A wholesale account is suspended', true, false, null),
('wholesale.overdue', 'wholesale', 'An order on net terms is not paid in time', true, false, null)
on conflict (name) do update
    set
        description = excluded.description,
        is_mandatory = excluded.is_mandatory,
        is_marketing = excluded.is_marketing,
        condition = excluded.condition;

-- A mail to a guest about an order has a link that shows it.
update engagement.events
set link_function = 'commerce.order_path'
where events.subject = 'order' and events.link_function is null;

insert into engagement.notices (event, audience, channels)
values
('stock.low', 'business', '{mail,in_app}'),
('wishlist.in_stock', 'customer', '{mail,push,in_app}'),
('wholesale.requested', 'customer', '{mail,in_app}'),
('wholesale.requested', 'business', '{mail,in_app}'),
('wholesale.approved', 'customer', '{mail,in_app}'),
('wholesale.approved', 'business', '{mail,in_app}'),
('wholesale.rejected', 'customer', '{mail,in_app}'),
('wholesale.rejected', 'business', '{mail,in_app}'),
('wholesale.suspended', 'customer', '{mail,in_app}'),
('wholesale.suspended', 'business', '{mail,in_app}'),
('wholesale.overdue', 'customer', '{mail,in_app}'),
('wholesale.overdue', 'business', '{mail,in_app}')
on conflict (event, audience) do nothing;
