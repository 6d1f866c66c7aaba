-- What a business and its customers keep of each other beside what was sold. Customers themselves
-- stand in 22_customers.

create schema crm;
comment on schema crm is 'What businesses and their customers keep of each other.';
