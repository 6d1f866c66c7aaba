create domain public.violation as text;
