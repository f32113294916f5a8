-- Inserts, indexes, joins, aggregates, updates, text and recursive queries.
create table person (id integer primary key, name text, city integer, age integer, income real);
create table city (id integer primary key, name text, region text);
create table purchase (person integer, day integer, amount real);

with recursive n (i) as (select 1 union all select i + 1 from n where i < 500)
insert into city select i, 'city' || i, substr('northsouthwesteast', 1 + i % 4 * 5, 5) from n;
with recursive n (i) as (select 1 union all select i + 1 from n where i < 30000)
insert into person select i, 'name' || (i * 7919 % 10007), 1 + i % 500, 18 + i * 31 % 70, i * 17 % 90000 / 2.0 from n;
with recursive n (i) as (select 1 union all select i + 1 from n where i < 60000)
insert into purchase select 1 + i * 7907 % 30000, i % 365, i * 13 % 5000 / 4.0 from n;

create index person_city on person (city, age);
create index purchase_person on purchase (person);

select region, count(*), round(avg(income), 3) from person join city on city.id = person.city
  group by region order by region;
select c.name, round(sum(p.amount), 2) as total from purchase p
  join person on person.id = p.person join city c on c.id = person.city
  where p.day between 100 and 200 group by c.id order by total desc, c.name limit 5;
update person set income = income * 1.05 where city in (select id from city where name like '%7');
delete from purchase where amount < 100 and day % 7 = 0;
select count(*), round(sum(income), 2) from person where name glob 'name1*' and age > 40;
select age / 10, count(distinct name), max(length(name)), min(upper(name)) from person group by age / 10 order by 1;
select day % 7, round(sum(amount), 2), rank() over (order by sum(amount) desc) from purchase group by day % 7 order by 1;
with recursive tree (node, depth) as (
  select 1, 0 union all select node * 2, depth + 1 from tree where node < 16000
  union all select node * 2 + 1, depth + 1 from tree where node < 16000)
select depth, count(*), sum(node % 101) from tree group by depth order by depth desc limit 4;
