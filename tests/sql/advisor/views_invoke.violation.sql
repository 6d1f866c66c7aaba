create view public.violation as select 1 as one;
