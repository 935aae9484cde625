//! The design system: what every page is made of. It knows no feature, and class names live only here.
//!
//! Pages speak intentions (`<Button intent=Intent::Danger>`); what an intention looks like is said once, here and in
//! `style/`. Everything works without JavaScript unless its comment says otherwise. No element carries a `style`
//! attribute: the content security policy forbids them.

mod admin;
mod button;
mod card;
mod chart;
mod choice;
mod code;
mod dialog;
mod disclosure;
mod editor;
mod facts;
mod feedback;
mod field;
mod focus;
mod form;
mod icon;
mod inline;
mod layout;
mod lesson;
mod markdown;
mod money;
mod navigation;
mod page;
mod picker;
mod picture;
mod sortable;
mod table;
mod text;
mod theme;
mod time;
mod toast;
mod words;
pub mod youtube;

pub use crate::ui::{
    admin::AdminLayout,
    button::{Button, Intent, LinkButton, PrintButton},
    card::{Badge, Cover, CoverCard, ProgressLine, Tone},
    chart::{Bar, BarChart, ShareBar},
    choice::SearchSelect,
    code::{CheckCell, CodeForm, FigureField},
    dialog::{Answers, Dialog},
    disclosure::Accordion,
    editor::{EditorActions, EditorHead, EditorItem, EditorList, EditorSection, EditorTail},
    facts::{Fact, Facts, Happening, Pair, Timeline},
    feedback::{EmptyState, ErrorState, NeedsScript, Notice, SkeletonCards, SkeletonList, SkeletonPage},
    field::{CheckField, Field, SelectField, TextArea},
    focus::keep_focus,
    form::{Form, FormErrors, SearchBox, Submitting},
    inline::{Choice, InlineChoice, InlineName, Saving},
    layout::{AuthCard, BuyBar, Main, Sheet, SiteFooter, SiteHeader, TwoColumns},
    lesson::{LessonLayout, LockedPanel, OutlineItem, OutlineList, VideoFrame},
    markdown::MarkdownField,
    money::{Amounts, Price},
    navigation::{NavLink, PrevNext, Tabs},
    page::{Grid, PageHeader, Row, Space, Stack},
    picker::{FileField, PickList},
    picture::{Thumb, WIDTHS},
    sortable::{Grip, Order, Place, Sortable, Sorter},
    table::{KeysetPager, Pager, RowActions, Stats, Table},
    text::{Address, FONTS, Written},
    theme::ThemeSwitch,
    time::{LocalTime, day_words, utc_day, utc_minute},
    toast::{Toaster, Toasts, provide_toaster, use_toast},
    words::Words,
};
